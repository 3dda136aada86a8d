// The page of the market example: its past from the storages, then the topics live.

"use strict";

const SECOND = 1000, MINUTE = 60 * SECOND;
const MAX_SYMBOLS = 60, MAX_BARS = 900, LINE_SECONDS = 300, TAPE_ROWS = 40, LADDER_ROWS = 15;
const FILLS_KEPT = 400;                         // of a symbol, for the shares traded at each price
const YEAR_OF_MINUTES = Math.sqrt(252 * 390);   // trading days, minutes of one
const FRAME = 100;                              // milliseconds from drawing to drawing

const byId = (id) => document.getElementById(id);
const inNewYork = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "America/New_York", hourCycle: "h23", ...options });
const clock = inNewYork({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const short = inNewYork({ hour: "2-digit", minute: "2-digit" });
const date = inNewYork({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
const whole = new Intl.NumberFormat("en");
const signed = (value) => `${value.toFixed(2) < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}%`;
const priceText = (price) => Number.isInteger(Math.round(price * 1e4) / 100) ? price.toFixed(2) : price.toFixed(3);
const fixed = (value, digits, unit = "") => Number.isFinite(value) ? value.toFixed(digits) + unit : "–";

function put(id, text, className) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
  if (className !== undefined) element.className = className;
}

// --- What is known of each symbol ------------------------------------------------------------------

const symbols = new Map();
let chosen = null, size = "minutes", pointer = null;
let isDirty = true;

class Instrument {
  constructor(name) {
    this.name = name;
    this.bars = { seconds: new Map(), minutes: new Map() };
    this.lines = { volatility: new Map(), spreads: new Map() };
    this.quote = null;
    this.last = NaN;
    this.seenAt = -Infinity;
    this.fills = [];
    this.row = byId("watch").insertRow([...symbols.keys()].filter((other) => other < name).length);
    this.row.dataset.symbol = name;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    this.row.insertCell().append(button);
    for (const what of ["last", "change", "spread", "volatility"]) this[`${what}Cell`] = this.row.insertCell();
    this.row.onclick = () => choose(name);
    byId("symbol").append(new Option(name));
  }

  takeBar(of, record, isLive) {
    const start = Date.parse(record.start);
    const all = this.bars[of];
    if (!isLive && all.has(start)) return;
    all.set(start, { ...record, start, end: Date.parse(record.end) });
    if (all.size > MAX_BARS) all.delete(Math.min(...all.keys()));
    if (isLive && of === "seconds") this.see(record.close, Date.parse(record.end) - 1);
  }

  /** Bars are ahead of fills, which wait for their quotes. */
  see(price, time) {
    if (time < this.seenAt) return;
    this.seenAt = time;
    this.last = price;
  }

  takePoint(of, record, isLive) {
    const end = Date.parse(record.end);
    const all = this.lines[of];
    const value = of === "volatility" ? record.volatility : record.spread;
    if (isLive || !all.has(end)) all.set(end, value);
    if (all.size > MAX_BARS) all.delete(Math.min(...all.keys()));
  }

  /** The bars of the size that is shown; those of minutes go on with what the seconds know. */
  shownBars() {
    const bars = [...this.bars[size].values()].sort((a, b) => a.start - b.start);
    if (size === "seconds") return bars;
    const open = new Map();
    const known = bars.at(-1)?.end ?? 0;
    for (const bar of [...this.bars.seconds.values()].sort((a, b) => a.start - b.start)) {
      if (bar.start < known) continue;
      const start = Math.floor(bar.start / MINUTE) * MINUTE;
      const all = open.get(start);
      if (!all) {
        open.set(start, { ...bar, start, isOpen: true });
        continue;
      }
      const volume = all.volume + bar.volume;
      Object.assign(all, {
        high: Math.max(all.high, bar.high), low: Math.min(all.low, bar.low), close: bar.close, volume,
        vwap: (all.vwap * all.volume + bar.vwap * bar.volume) / volume, trades: all.trades + bar.trades,
      });
    }
    return [...bars, ...open.values()];
  }

  /** Since the first bar that is known. */
  change() {
    const first = this.bars.minutes.get(Math.min(...this.bars.minutes.keys()));
    return first ? (this.price() / first.open - 1) * 100 : NaN;
  }

  price() {
    if (Number.isFinite(this.last)) return this.last;
    const { seconds, minutes } = this.bars;
    const bars = seconds.size > 0 ? seconds : minutes;
    return bars.get(Math.max(...bars.keys()))?.close ?? NaN;
  }

  newest(of) {
    const all = this.lines[of];
    return all.size > 0 ? all.get(Math.max(...all.keys())) ?? NaN : NaN;
  }

  drawRow() {
    const price = this.price(), change = this.change();
    const text = Number.isFinite(price) ? priceText(price) : "–";
    if (this.lastCell.textContent !== text) {
      const before = Number(this.lastCell.textContent);
      this.lastCell.textContent = text;
      if (Number.isFinite(before) && before > 0) {
        this.lastCell.className = "";
        void this.lastCell.offsetWidth;  // so that the animation begins anew
        this.lastCell.className = price >= before ? "rose" : "fell";
      }
    }
    this.changeCell.textContent = Number.isFinite(change) ? signed(change) : "–";
    this.changeCell.className = change < 0 ? "down" : "up";
    this.spreadCell.textContent = fixed(this.newest("spreads"), 1);
    this.volatilityCell.textContent = fixed(this.newest("volatility") * YEAR_OF_MINUTES * 100, 0, "%");
  }
}

function symbolOf(name) {
  if (typeof name !== "string") return undefined;
  let found = symbols.get(name);
  if (!found && symbols.size < MAX_SYMBOLS) {
    found = new Instrument(name);
    symbols.set(name, found);
    const options = byId("symbol");
    options.replaceChildren(...[...options.options].sort((a, b) => a.value < b.value ? -1 : 1));
    if (chosen) options.value = chosen;
  }
  return found;
}

function choose(name) {
  if (!symbols.has(name)) return;
  chosen = name;
  byId("symbol").value = name;
  history.replaceState(null, "", `#${name}`);
  for (const [other, { row }] of symbols) row.setAttribute("aria-selected", String(other === name));
  isDirty = true;
  fillSymbol(name).catch((error) => console.warn(error.message));
}

// --- What comes ------------------------------------------------------------------------------------

let marketTime = 0, corrections = 0, late = 0;
const counted = { fills: [], book: [] };  // when they came
const busiest = new Map();                // by window: its rows by symbol
const TOP_WINDOWS = 8;

function takeTop(record) {
  const end = Date.parse(record.end);
  const rows = busiest.get(end) ?? busiest.set(end, new Map()).get(end);
  if (record.change === "remove") rows.delete(record.symbol);
  else rows.set(record.symbol, record.volume);
  if (busiest.size > TOP_WINDOWS) busiest.delete(Math.min(...busiest.keys()));
}

function takeQuote(quote) {
  const of = symbolOf(quote.symbol);
  if (of && !(of.quote && of.quote.time > quote.time)) of.quote = quote;
}

/** A late one only takes its place in the list. */
function takeFill(fill) {
  const of = symbolOf(fill.symbol);
  if (!of) return;
  const beyond = fill.bid === null ? 0 : fill.price - (fill.bid + fill.ask) / 2;  // from the middle
  const side = beyond > 1e-6 ? "up" : beyond < -1e-6 ? "down" : "";
  let at = of.fills.length;
  while (at > 0 && of.fills[at - 1].time > fill.time) --at;
  of.see(fill.price, Date.parse(fill.time));
  of.fills.splice(at, 0, { ...fill, side });
  if (of.fills.length > FILLS_KEPT) of.fills.shift();
}

const handlers = {
  seconds(record) {
    symbolOf(record.symbol)?.takeBar("seconds", record, true);
    marketTime = Math.max(marketTime, Date.parse(record.watermark));
    corrections += record.trigger === "late";
  },
  minutes(record) {
    symbolOf(record.symbol)?.takeBar("minutes", record, true);
    corrections += record.trigger === "late";
  },
  volatility: (record) => symbolOf(record.symbol)?.takePoint("volatility", record, true),
  spreads: (record) => symbolOf(record.symbol)?.takePoint("spreads", record, true),
  top: takeTop,
  book: takeQuote,
  fills: takeFill,
  late_trades: () => ++late,
};

async function stored(topic, query) {
  const answer = await fetch(`api/topics/${topic}?${new URLSearchParams(query)}`);
  if (!answer.ok) throw new Error(`the history of ${topic} answered ${answer.status}`);
  return answer.json();
}

async function fill() {
  for (const record of await stored("minutes", { limit: 10_000 })) symbolOf(record.symbol)?.takeBar("minutes", record, false);
  for (const topic of ["volatility", "spreads"])
    for (const record of await stored(topic, { limit: 200 })) {
      symbolOf(record.symbol)?.takePoint(topic, record, false);
      marketTime = Math.max(marketTime, Date.parse(record.watermark));
    }
  if (busiest.size === 0) (await stored("top", { limit: 10 })).forEach(takeTop);
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (chosen) await fillSymbol(chosen);
  else choose(symbols.has(wanted) ? wanted : topRows()[0]?.[0]);
  isDirty = true;
}

/** The seconds of the symbol that is shown. */
async function fillSymbol(name) {
  const of = symbols.get(name);
  const query = { key: name, limit: MAX_BARS };
  for (const record of await stored("seconds", query)) of.takeBar("seconds", record, false);
  for (const topic of ["volatility", "spreads"])
    for (const record of await stored(topic, query)) of.takePoint(topic, record, false);
  isDirty = true;
}

// --- The connection ----------------------------------------------------------------------------------

const FIRST_WAIT = 500, LONGEST_WAIT = 8000;
let wait = FIRST_WAIT;

function say(state, word) {
  byId("connection").dataset.state = state;
  put("connection-word", word);
}

/** Follows all topics; when one ends, all do, and begin anew. */
function connect() {
  say("connecting", "Connecting");
  let isOver = false, open = 0;
  const sockets = Object.entries(handlers).map(([topic, take]) => {
    const url = new URL(topic, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.hash = "";
    const socket = new WebSocket(url);
    socket.onmessage = (message) => {
      take(JSON.parse(message.data));
      counted[topic]?.push(performance.now());
      isDirty = true;
    };
    socket.onopen = () => {
      if (++open < Object.keys(handlers).length) return;
      wait = FIRST_WAIT;
      say("live", "Live");
      fill().catch((error) => console.warn(error.message));
    };
    socket.onclose = () => {
      if (isOver) return;
      isOver = true;
      for (const other of sockets) other.close();
      say("offline", "Offline");
      setTimeout(connect, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
    return socket;
  });
}

// --- Drawing -----------------------------------------------------------------------------------------

function topRows() {
  const newest = busiest.get(Math.max(...busiest.keys()));
  return newest ? [...newest].sort((a, b) => b[1] - a[1]) : [];
}

function drawTop() {
  const rows = topRows();
  const list = byId("top");
  while (list.children.length > rows.length) list.lastChild.remove();
  rows.forEach(([symbol, volume], i) => {
    let item = list.children[i];
    if (!item) {
      item = document.createElement("li");
      for (const tag of ["i", "b", "div", "em"]) item.append(document.createElement(tag));
      item.children[2].append(document.createElement("span"));
      list.append(item);
    }
    const [rank, name, bar, shares] = item.children;
    item.dataset.symbol = symbol;
    rank.textContent = i + 1;
    name.textContent = symbol;
    bar.firstChild.style.width = `${volume / rows[0][1] * 100}%`;
    shares.textContent = whole.format(volume);
  });
}

function drawQuote(of) {
  const { bid, ask, bid_size, ask_size } = of.quote ?? {};
  put("bid", bid ? priceText(bid) : "–");
  put("ask", ask ? priceText(ask) : "–");
  put("bid-size", bid ? whole.format(bid_size) : "–");
  put("ask-size", ask ? whole.format(ask_size) : "–");
  put("quoted", bid ? (ask - bid).toFixed(2) : "–");
  put("quoted-bp", bid ? `${((ask - bid) / (ask + bid) * 20_000).toFixed(1)} bp` : "");
  byId("balance").firstElementChild.style.width = bid ? `${bid_size / (bid_size + ask_size) * 100}%` : "50%";
}

/** Rows of prices around the quote, wide enough for its spread. */
function drawLadder(of) {
  const body = byId("ladder");
  if (body.rows.length === 0)
    for (let i = 0; i < LADDER_ROWS; ++i) for (let row = body.insertRow(), j = 0; j < 5; ++j) row.insertCell();
  const centre = of.quote ? (of.quote.bid + of.quote.ask) / 2 : of.price();
  if (!Number.isFinite(centre)) return;
  const spread = of.quote ? of.quote.ask - of.quote.bid : 0;
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((each) => each * 4 >= spread) ?? 1;
  const rowOf = (price) => Math.round(price / step + 1e-9);
  const sums = new Map();
  for (const { price, size: shares, side } of of.fills) {
    const sum = sums.get(rowOf(price)) ?? sums.set(rowOf(price), { bought: 0, sold: 0 }).get(rowOf(price));
    if (side !== "down") sum.bought += side === "" ? shares / 2 : shares;
    if (side !== "up") sum.sold += side === "" ? shares / 2 : shares;
  }
  const first = rowOf(centre) + (LADDER_ROWS - 1) / 2;
  const shown = [...Array(LADDER_ROWS).keys()].map((i) => sums.get(first - i) ?? { bought: 0, sold: 0 });
  const most = Math.max(1, ...shown.flatMap(({ bought, sold }) => [bought, sold]));
  [...body.rows].forEach((row, i) => {
    const at = first - i, { bought, sold } = shown[i];
    const isBid = of.quote && rowOf(of.quote.bid) === at, isAsk = of.quote && rowOf(of.quote.ask) === at;
    row.className = [isBid && "is-bid", isAsk && "is-ask", rowOf(of.last) === at && "is-last"].filter(Boolean).join(" ");
    const texts = [isBid ? whole.format(of.quote.bid_size) : "", sold ? whole.format(sold) : "",
      (at * step).toFixed(2), bought ? whole.format(bought) : "", isAsk ? whole.format(of.quote.ask_size) : ""];
    texts.forEach((text, j) => { if (row.cells[j].textContent !== text) row.cells[j].textContent = text; });
    row.cells[1].className = "sold";
    row.cells[1].style.setProperty("--part", `${sold / most * 100}%`);
    row.cells[3].className = "bought";
    row.cells[3].style.setProperty("--part", `${bought / most * 100}%`);
  });
}

function drawTape(of) {
  const fills = of.fills.slice(-TAPE_ROWS).reverse();
  byId("no-trades").hidden = fills.length > 0;
  const body = byId("tape");
  while (body.rows.length > fills.length) body.deleteRow(-1);
  fills.forEach((each, i) => {
    const row = body.rows[i] ?? body.insertRow();
    while (row.cells.length < 5) row.insertCell();
    const quote = each.bid === null ? "–" : `${priceText(each.bid)} × ${priceText(each.ask)}`;
    [clock.format(Date.parse(each.time)), priceText(each.price), whole.format(each.size), quote,
      each.spread === null ? "–" : each.spread.toFixed(1)].forEach((text, j) => {
      if (row.cells[j].textContent !== text) row.cells[j].textContent = text;
    });
    row.cells[1].className = each.side;
  });
}

function drawLegend(bar) {
  const parts = [["", clock.format(bar.start)], ["O", priceText(bar.open)], ["H", priceText(bar.high)],
    ["L", priceText(bar.low)], ["C", priceText(bar.close)], ["VWAP", bar.vwap.toFixed(3)],
    ["Vol.", whole.format(bar.volume)], ["Trades", whole.format(bar.trades)]];
  byId("legend").replaceChildren(...parts.map(([name, text]) => {
    const part = document.createElement("span");
    part.className = name.toLowerCase();
    const value = document.createElement("b");
    value.textContent = text;
    part.append(name, name ? " " : "", value);
    return part;
  }));
}

function drawLines(of) {
  const lines = { volatility: ["volatility", YEAR_OF_MINUTES * 100, "%", "gold", 0], spreads: ["spread", 1, " bp", "blue", 1] };
  for (const [topic, [id, factor, unit, name, digits]] of Object.entries(lines)) {
    const all = [...of.lines[topic]].sort((a, b) => a[0] - b[0]);
    const from = (all.at(-1)?.[0] ?? 0) - LINE_SECONDS * SECOND;
    const points = all.filter(([time]) => time > from)
      .map(([time, value]) => [time, value === null ? null : value * factor]);
    const now = of.newest(topic) * factor;
    put(`${id}-now`, fixed(now, digits + 1, unit));
    drawLine(byId(id), points, { stroke: colour(name), unit: unit.trim() === "%" ? "%" : "", format: (time) => short.format(time) });
    byId(id).setAttribute("aria-label", `${of.name}: ${fixed(now, digits + 1, unit)}, of the last five minutes`);
  }
}

function drawChosen(of) {
  const bars = of.shownBars();
  const price = of.price(), change = of.change();
  put("last", Number.isFinite(price) ? priceText(price) : "–", change < 0 ? "down" : "up");
  put("change", Number.isFinite(change) ? signed(change) : "", change < 0 ? "down" : "up");
  const canvas = byId("candles");
  const under = drawCandles(canvas, bars, {
    size: size === "seconds" ? SECOND : MINUTE, last: price, digits: 2, pointer,
    format: (time) => size === "seconds" ? clock.format(time) : short.format(time),
  });
  canvas.dataset.bars = bars.filter((bar) => !bar.isOpen).length;
  if (under) {
    drawLegend(under);
    canvas.setAttribute("aria-label", `${of.name}: ${bars.length} bars, last price ${priceText(price)}`);
  }
  drawQuote(of);
  drawLadder(of);
  drawTape(of);
  drawLines(of);
}

function drawRates() {
  const from = performance.now() - 5000;
  for (const [topic, id] of [["fills", "trade-rate"], ["book", "quote-rate"]]) {
    const times = counted[topic];
    while (times.length > 0 && times[0] < from) times.shift();
    put(id, whole.format(Math.round(times.length / 5)));
  }
}

let drawnAt = -Infinity, ratesAt = -Infinity;

function draw(now) {
  requestAnimationFrame(draw);
  if (now - ratesAt > 1000) {
    ratesAt = now;
    drawRates();
  }
  if (!isDirty || now - drawnAt < FRAME) return;
  isDirty = false;
  drawnAt = now;
  if (marketTime > 0) {
    put("date", date.format(marketTime));
    put("clock", `${clock.format(marketTime)} ET`);
  }
  put("corrections", whole.format(corrections));
  put("late", whole.format(late));
  for (const each of symbols.values()) each.drawRow();
  drawTop();
  if (symbols.has(chosen)) drawChosen(symbols.get(chosen));
}

// --- What one can do -----------------------------------------------------------------------------------

byId("symbol").onchange = (event) => choose(event.target.value);
for (const button of document.querySelectorAll("[data-size]")) {
  button.onclick = () => {
    size = button.dataset.size;
    for (const other of document.querySelectorAll("[data-size]"))
      other.setAttribute("aria-pressed", String(other === button));
    isDirty = true;
  };
}
byId("candles").onpointermove = (event) => { pointer = event.offsetX; isDirty = true; };
byId("candles").onpointerleave = () => { pointer = null; isDirty = true; };
new ResizeObserver(() => { isDirty = true; }).observe(document.body);

connect();
requestAnimationFrame(draw);
