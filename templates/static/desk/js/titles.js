// Names of price lines, drawn on the chart at their left end: the axis is kept for the bid and the ask.
const LEFT = 6; // px
const ABOVE = 4; // px above its line

export class LineTitles {
  constructor() {
    this.marks = [];
    this.views = [{ zOrder: () => "top", renderer: () => ({ draw: (target) => target.useMediaCoordinateSpace(({ context }) => this.draw(context)) }) }];
  }

  attached({ series, requestUpdate }) {
    this.series = series;
    this.requestUpdate = requestUpdate;
  }

  paneViews() {
    return this.views;
  }

  // marks: { price, text, tone }
  show(marks) {
    this.marks = marks;
    this.requestUpdate?.();
  }

  draw(context) {
    context.font = `600 11px ${getComputedStyle(document.documentElement).fontFamily}`;
    for (const { price, text, tone } of this.marks) {
      const y = this.series.priceToCoordinate(price);
      if (y === null) continue;
      context.fillStyle = tone;
      context.fillText(text, LEFT, y - ABOVE);
    }
  }
}
