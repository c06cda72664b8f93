// Colours as the page resolves them now, light or dark, for the chart, which paints on a canvas and knows no style sheet.
export function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

export function look() {
  const faint = colour("--line");
  const fontFamily = getComputedStyle(document.documentElement).fontFamily;
  return {
    layout: { background: { type: "solid", color: colour("--panel") }, textColor: colour("--muted"), fontSize: 11, fontFamily },
    grid: { vertLines: { color: faint }, horzLines: { color: faint } },
    rightPriceScale: { borderColor: faint },
    timeScale: { borderColor: faint, timeVisible: true, secondsVisible: false, rightOffset: 6, barSpacing: 7 },
    crosshair: { mode: 0 },
  };
}

// Hollow when it rose, filled when it fell: the shape says what the colour says.
export function candleColours() {
  const up = colour("--buy");
  const down = colour("--sell");
  return { upColor: colour("--panel"), borderUpColor: up, wickUpColor: up, downColor: down, borderDownColor: down, wickDownColor: down };
}
