/**
 * What page.ts runs inside the page, as `benchWeb`: measuring there costs no way to and fro. Plain JavaScript, since the
 * program's own types know no browser.
 */
globalThis.benchWeb = {
  /** The overview's verdict has a sign; a frame after it is there it is painted. Rejects after 30 s. */
  usefulPaint() {
    const bytesOf = (end) =>
      performance
        .getEntriesByType('resource')
        .filter(({ name }) => name.split('?')[0].endsWith(end))
        .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)
    return new Promise((resolve, reject) => {
      const tell = () =>
        resolve({
          usefulMs: performance.now(),
          firstMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
          scriptBytes: bytesOf('.js'),
          styleBytes: bytesOf('.css'),
        })
      const look = () => {
        if (performance.now() > 30_000) reject(new Error('the overview says nothing'))
        else if (document.querySelector('.tile-sign') === null) requestAnimationFrame(look)
        else requestAnimationFrame(() => setTimeout(tell, 0))
      }
      look()
    })
  },

  /** Goes to the end again and again until so many rows are there; answers how many are. */
  async loadRows(wanted, limitMs) {
    const scroller = document.querySelector('.ev-scroll')
    const rowPx = document.querySelector('tr[data-index]').getBoundingClientRect().height
    const endMs = performance.now() + limitMs
    const rows = () => Math.round(scroller.scrollHeight / rowPx)
    while (rows() < wanted && performance.now() < endMs) {
      scroller.scrollTop = scroller.scrollHeight
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    return rows()
  },

  async toTop() {
    document.querySelector('.ev-scroll').scrollTop = 0
    await new Promise((resolve) => setTimeout(resolve, 1500))
  },

  /**
   * A step each animation frame, down and up again; answers when the frames began, ms. The step itself comes between two
   * frames, as the browser moves a dragged bar: done within one, the table would hear of it in the next, and draw nothing.
   */
  scroll(stepPx, forMs) {
    const scroller = document.querySelector('.ev-scroll')
    return new Promise((resolve) => {
      const times = []
      let direction = 1
      const move = () => {
        scroller.scrollTop += direction * stepPx
        if (scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 1) direction = -1
        else if (scroller.scrollTop <= 0) direction = 1
      }
      const step = (now) => {
        times.push(now)
        setTimeout(move, 0)
        if (now - times[0] < forMs) requestAnimationFrame(step)
        else resolve(times)
      }
      requestAnimationFrame(step)
    })
  },
}
