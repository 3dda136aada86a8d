// Charts on a canvas: candles with their volume, and a line.

"use strict";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const AXIS = 58, FOOT = 20;

/** A canvas that is as fine as the screen, empty. */
function prepare(canvas) {
  const scale = window.devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "middle";
  return { context, width, height };
}

/** About `count` round numbers within a range. */
function ticksOf(low, high, count) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((each) => each * power >= raw) * power;
  const ticks = [];
  for (let i = Math.ceil(low / step); i * step <= high; ++i) ticks.push(i * step);
  return { ticks, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

function drawScale({ context, width }, { ticks }, yOf, text) {
  context.textAlign = "left";
  for (const tick of ticks) {
    const y = Math.round(yOf(tick)) + 0.5;
    if (y < 7) continue;
    context.strokeStyle = colour("line");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(0, y);
    context.lineTo(width - AXIS, y);
    context.stroke();
    context.fillStyle = colour("soft");
    context.fillText(text(tick), width - AXIS + 6, y);
  }
}

/** Times below, as many as have room, at round ones. */
function drawTimes({ context, width, height }, from, to, xOf, format) {
  const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].map((s) => s * 1000);
  const room = (xOf(to) - xOf(from)) / 74;
  const step = steps.find((each) => (to - from) / each <= room) ?? steps.at(-1);
  context.fillStyle = colour("soft");
  context.textAlign = "center";
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) {
    const x = xOf(time);
    if (x > 24 && x < width - AXIS - 16) context.fillText(format(time), x, height - FOOT / 2 + 1);
  }
}

function drawMark({ context, width }, y, text, fill) {
  context.fillStyle = fill;
  context.fillRect(width - AXIS + 1, y - 8, AXIS - 1, 16);
  context.fillStyle = "#06110c";
  context.textAlign = "left";
  context.fillText(text, width - AXIS + 6, y + 0.5);
}

/** Bars of `size` milliseconds, oldest first. `last` is the price to be marked; at `pointer`, an x,
 *  stands a line. Gives the bar under the pointer, or the newest. */
function drawCandles(canvas, bars, { size, last, digits, pointer, format }) {
  const area = prepare(canvas);
  const { context, width, height } = area;
  if (bars.length === 0 || width < AXIS + 40 || height < 80) return null;
  const right = width - AXIS - 8;
  const step = Math.max(7, Math.min(16, right / bars.length));
  const newest = bars.at(-1).start;
  const xOf = (time) => right - step / 2 - ((newest - time) / size) * step;
  const shown = bars.filter((bar) => xOf(bar.start) > step / 2);

  const prices = [0, height - FOOT - 4 - height * 0.19];
  const volumes = [prices[1] + 10, height - FOOT];
  let low = Math.min(...shown.map((bar) => bar.low)), high = Math.max(...shown.map((bar) => bar.high));
  const pad = Math.max((high - low) * 0.06, 0.01);
  low -= pad;
  high += pad;
  const yOf = (price) => prices[0] + (high - price) / (high - low) * (prices[1] - prices[0]);
  const most = Math.max(...shown.map((bar) => bar.volume), 1);
  const heightOf = (volume) => volume / most * (volumes[1] - volumes[0]);

  drawScale(area, ticksOf(low, high, Math.max(3, prices[1] / 60)), yOf, (tick) => tick.toFixed(digits));
  drawTimes(area, shown[0].start, newest, xOf, format);
  context.strokeStyle = colour("line");
  context.beginPath();
  context.moveTo(0, volumes[1] + 0.5);
  context.lineTo(width - AXIS, volumes[1] + 0.5);
  context.stroke();
  context.fillStyle = colour("soft");
  context.textAlign = "left";
  context.fillText(`${Math.round(most / 1000)}k`, width - AXIS + 6, volumes[0] + 4);

  const wide = Math.max(3, Math.round(step * 0.68));
  for (const bar of shown) {
    const x = Math.round(xOf(bar.start));
    const fill = colour(bar.close >= bar.open ? "up" : "down");
    context.fillStyle = fill;
    context.globalAlpha = bar.isOpen ? 0.75 : 1;
    context.fillRect(x - 0.5, yOf(bar.high), 1, Math.max(1, yOf(bar.low) - yOf(bar.high)));
    const top = yOf(Math.max(bar.open, bar.close)), bottom = yOf(Math.min(bar.open, bar.close));
    context.fillRect(x - wide / 2, top, wide, Math.max(1, bottom - top));
    context.globalAlpha = 0.42;
    context.fillRect(x - wide / 2, volumes[1] - heightOf(bar.volume), wide, heightOf(bar.volume));
    context.globalAlpha = 1;
  }
  context.strokeStyle = colour("gold");
  context.lineWidth = 1.25;
  context.beginPath();
  shown.forEach((bar) => context.lineTo(xOf(bar.start), yOf(bar.vwap)));
  context.stroke();

  if (last >= low && last <= high) {
    const rises = last >= shown.at(-1).open;
    context.setLineDash([2, 3]);
    context.strokeStyle = colour(rises ? "up" : "down");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(0, Math.round(yOf(last)) + 0.5);
    context.lineTo(width - AXIS, Math.round(yOf(last)) + 0.5);
    context.stroke();
    context.setLineDash([]);
    drawMark(area, yOf(last), last.toFixed(digits), colour(rises ? "up" : "down"));
  }
  if (pointer === null || pointer > width - AXIS) return shown.at(-1);
  const under = shown.reduce((a, b) => Math.abs(xOf(b.start) - pointer) < Math.abs(xOf(a.start) - pointer) ? b : a);
  context.strokeStyle = colour("soft");
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(Math.round(xOf(under.start)) + 0.5, 0);
  context.lineTo(Math.round(xOf(under.start)) + 0.5, volumes[1]);
  context.stroke();
  return under;
}

/** Points of [time, value], oldest first; a null breaks the line. */
function drawLine(canvas, points, { stroke, unit, format }) {
  const area = prepare(canvas);
  const { context, width, height } = area;
  const values = points.map(([, value]) => value).filter((value) => value !== null);
  if (values.length < 2) return;
  const high = Math.max(...values) * 1.12 || 1;
  const right = width - AXIS - 8;
  const [from, to] = [points[0][0], points.at(-1)[0]];
  const xOf = (time) => (time - from) / (to - from || 1) * right;
  const yOf = (value) => (1 - value / high) * (height - FOOT);
  const scale = ticksOf(0, high, Math.max(2, (height - FOOT) / 45));
  drawScale(area, scale, (tick) => yOf(tick) - 0.5, (tick) => tick.toFixed(scale.digits) + unit);
  drawTimes(area, from, to, xOf, format);
  context.save();
  context.beginPath();
  context.strokeStyle = stroke;
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  let isDown = false;
  for (const [time, value] of points) {
    if (value === null) isDown = false;
    else if (isDown) context.lineTo(xOf(time), yOf(value));
    else context.moveTo(xOf(time), yOf(value)), isDown = true;
  }
  context.stroke();
  context.lineTo(right, height - FOOT);
  context.lineTo(0, height - FOOT);
  context.globalAlpha = 0.1;
  context.fillStyle = stroke;
  context.fill();
  context.restore();
}
