// The page of the traffic example: fills its past from the storage, then follows /hourly and
// /last_day.

const HOUR = 3600e3;
const MAX_POINTS = 600;             // a sensor
const MAX_SENSORS = 60;
const LINE_BREAKS_AFTER = 12 * HOUR;
const ANOMALIES_LISTED = 4;

const byId = (id) => document.getElementById(id);

// --- Words -----------------------------------------------------------------------------------

const KINDS = [
  { prefix: "speed_", title: "Speed", unit: "mph" },
  { prefix: "occupancy_", title: "Occupancy", unit: "%" },
  { prefix: "travel_time_", title: "Travel time", unit: "s" },
];
const OTHER = { prefix: "", title: "", unit: "", isOther: true };

function describe(sensor) {
  const rank = KINDS.findIndex((kind) => sensor.startsWith(kind.prefix));
  const kind = KINDS[rank] ?? OTHER;
  const id = sensor.slice(kind.prefix.length);
  return {
    ...kind,
    rank: rank < 0 ? KINDS.length : rank,
    title: kind.title || id || "(no name)",
    id: kind.title ? id : "",
    name: kind.title ? `${kind.title} ${id}` : id || "(no name)",
  };
}

const inUtc = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });
const longTime = inUtc({ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const yearTime = inUtc({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
const dayOnly = inUtc({ day: "numeric", month: "short" });
const hourOnly = inUtc({ hour: "2-digit", minute: "2-digit" });
const whole = new Intl.NumberFormat("en");

function number(value) {
  if (value === null || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  return whole.format(Number(value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)));
}

const withUnit = (value, unit) => number(value) + (unit ? (unit === "%" ? " %" : ` ${unit}`) : "");
const plural = (count, word) => `${whole.format(count)} ${word}${count === 1 ? "" : "s"}`;

function expectedOf(point, kind) {
  if (point.lower === null) return "still learning what to expect";
  const low = kind.isOther ? point.lower : Math.max(0, point.lower);
  return `expected ${number(low)} to ${withUnit(point.upper, kind.unit)}`;
}

// --- One sensor: its points, oldest first, and its card ----------------------------------------

let connectionCount = 0;
let daysShown = 7;
const sensors = new Map();
const changed = new Set();

class Sensor {
  constructor(name) {
    this.name = name;
    this.kind = describe(name);
    this.points = [];
    this.lastDay = new Map();  // when it ends, and its mean
    this.card = byId("card").content.firstElementChild.cloneNode(true);
    this.card.dataset.sensor = name;
    this.card.setAttribute("aria-label", this.kind.name);
    this.part(".title").textContent = this.kind.title;
    this.part(".unit-of").textContent = this.kind.id;
    this.part(".unit").textContent = this.kind.unit;
  }

  part(selector) { return this.card.querySelector(selector); }

  /** A point of the same start is replaced; a stored one never replaces one that came live. */
  take(record, isLive) {
    const start = Date.parse(record.start);
    if (!Number.isFinite(start) || typeof record.mean !== "number") return;
    const point = { ...record, start, heard: isLive ? connectionCount : 0 };
    let at = this.points.length;
    while (at > 0 && this.points[at - 1].start > start) --at;
    const old = this.points[at - 1];
    if (old?.start !== start) {
      this.points.splice(at, 0, point);
      if (this.points.length > MAX_POINTS) this.points.shift();
    } else if (isLive || old.heard !== connectionCount) {
      this.points[at - 1] = point;
    }
    changed.add(this);
  }

  /** The mean of the 24 hours before `record.end`, which is one a slide. */
  takeLastDay(record) {
    const end = Date.parse(record.end);
    if (!Number.isFinite(end) || typeof record.mean !== "number") return;
    this.lastDay.set(end, record.mean);
    if (this.lastDay.size > MAX_POINTS) this.lastDay.delete(Math.min(...this.lastDay.keys()));
    if (this.points.length > 0) changed.add(this);
  }

  /** That of the day which ends with the hour of a point. */
  lastDayOf(point) { return this.lastDay.get(point.start + HOUR) ?? null; }

  /** The newest that is known of a day which ends by then: the two topics are stored apart, so that
   *  after a crash one can be behind the other. */
  newestDayOf(point) {
    const end = point.start + HOUR;
    let newest = end - LINE_BREAKS_AFTER;
    for (const other of this.lastDay.keys()) if (other > newest && other <= end) newest = other;
    return this.lastDay.get(newest) ?? null;
  }

  /** The points of the time shown. */
  shown() {
    const last = this.points.at(-1).start;
    const first = daysShown > 0 ? last - daysShown * 24 * HOUR : this.points[0].start;
    return this.points.filter((point) => point.start >= first);
  }

  draw() {
    const shown = this.shown();
    const last = this.points.at(-1);
    const anomalies = shown.filter((point) => point.anomaly).length;

    this.part(".badge").hidden = anomalies === 0;
    this.part(".count").textContent = anomalies === 1 ? "1 anomaly" : `${anomalies} anomalies`;
    this.card.dataset.points = this.points.length;
    this.card.dataset.anomalies = anomalies;
    this.card.dataset.latest = last.end;
    if (!this.hovered) this.tell(last);
    this.part(".chart").setAttribute("aria-label",
      `${this.kind.name}, hourly mean: ${withUnit(last.mean, this.kind.unit)} at ` +
      `${longTime.format(last.start)} UTC, ${expectedOf(last, this.kind)}; ` +
      `${plural(shown.length, "hour")} shown, ${anomalies} of them anomalous.`);
    if (window.Dygraph) this.drawChart(shown);
  }

  /** Puts a point into words: the last one, or the one under the pointer. */
  tell(point) {
    const { unit } = this.kind;
    this.part(".value strong").textContent = number(point.mean);
    this.part(".value").classList.toggle("is-anomaly", point.anomaly === true);
    const time = this.part("time");
    time.textContent = longTime.format(point.start);
    time.dateTime = new Date(point.start).toISOString();
    this.part(".expected").textContent = (point.anomaly ? "anomaly, " : "") + expectedOf(point, this.kind);
    this.part(".spread").textContent =
      `${plural(point.count, "reading")}, ${number(point.low)} to ${withUnit(point.high, unit)}`;
    const lastDay = this.newestDayOf(point);
    this.part(".last-day").textContent =
      lastDay === null ? "" : `last 24 h ${number(lastDay)}`;
  }

  drawChart(shown) {
    const rows = [];
    shown.forEach((point, i) => {
      if (i > 0 && point.start - shown[i - 1].start > LINE_BREAKS_AFTER)
        rows.push([new Date(shown[i - 1].start + HOUR), null, null]);
      rows.push([new Date(point.start), this.lastDayOf(point), point.mean]);
    });
    const margin = Math.max(HOUR, (shown.at(-1).start - shown[0].start) * 0.03);
    const options = {
      file: rows,
      dateWindow: [shown[0].start - margin, shown.at(-1).start + margin],
      valueRange: rangeOf(shown, this.kind),
    };
    this.visible = shown;
    this.pointAt = new Map(shown.map((point) => [point.start, point]));
    if (this.chart) this.chart.updateOptions(options);
    else this.chart = new Dygraph(this.part(".chart"), rows, { ...chartOptions(this), ...options });
  }
}

function sensorOf(name) {
  let sensor = sensors.get(name);
  if (sensor || sensors.size >= MAX_SENSORS) return sensor;
  sensor = new Sensor(name);
  sensors.set(name, sensor);
  const before = [...sensors.values()]
    .filter((other) => other !== sensor && compare(sensor, other) < 0)
    .sort(compare)[0];
  byId("cards").insertBefore(sensor.card, before?.card ?? byId("latest"));
  byId("empty").hidden = true;
  byId("latest").hidden = false;
  return sensor;
}

const compare = (a, b) =>
  a.kind.rank - b.kind.rank || a.name.localeCompare(b.name, "en", { numeric: true });

function take(record, isLive) {
  if (typeof record?.sensor === "string") sensorOf(record.sensor)?.take(record, isLive);
  if (changed.size > 0) requestDrawing();
}

function takeLastDay(record) {
  if (typeof record?.sensor === "string") sensors.get(record.sensor)?.takeLastDay(record);
  if (changed.size > 0) requestDrawing();
}

// --- Drawing -------------------------------------------------------------------------------------

let isDrawingRequested = false;

function requestDrawing() {
  if (isDrawingRequested) return;
  isDrawingRequested = true;
  requestAnimationFrame(() => {
    isDrawingRequested = false;
    for (const sensor of changed) if (sensor.points.length > 0) sensor.draw();
    changed.clear();
    listAnomalies();
  });
}

function listAnomalies() {
  const all = [...sensors.values()].flatMap((sensor) =>
    sensor.points.filter((point) => point.anomaly).slice(-ANOMALIES_LISTED).map((point) => ({ sensor, point })));
  all.sort((a, b) => b.point.start - a.point.start);
  byId("no-anomalies").hidden = all.length > 0;
  byId("anomalies").replaceChildren(...all.slice(0, ANOMALIES_LISTED).map(({ sensor, point }) => {
    const item = document.createElement("li");
    const add = (tag, className, text) => {
      const element = document.createElement(tag);
      element.className = className;
      element.textContent = text;
      item.append(element);
      return element;
    };
    add("span", "sample alarm", "").setAttribute("aria-hidden", "true");
    add("span", "what", `${sensor.kind.name}: ${withUnit(point.mean, sensor.kind.unit)}`);
    add("time", "", longTime.format(point.start)).dateTime = new Date(point.start).toISOString();
    add("span", "how", expectedOf(point, sensor.kind));
    return item;
  }));
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The means fill the chart; the band may take more, but not so much that they are squashed. */
function rangeOf(shown, kind) {
  const means = shown.map((point) => point.mean);
  const least = Math.min(...means), most = Math.max(...means);
  const spare = 0.5 * (most - least) || 1;
  const lowers = shown.map((point) => point.lower ?? least), uppers = shown.map((point) => point.upper ?? most);
  let low = Math.min(least, Math.max(Math.min(...lowers), least - spare));
  let high = Math.max(most, Math.min(Math.max(...uppers), most + spare));
  const pad = 0.08 * (high - low) || 1;
  low -= pad;
  high += pad;
  return [kind.isOther ? low : Math.max(0, low), high];
}

function drawBand(sensor, context, area, chart) {
  context.save();
  context.beginPath();
  context.rect(area.x, area.y, area.w, area.h);
  context.clip();
  context.fillStyle = colour("--band");
  let run = [];
  const fill = () => {
    if (run.length > 1) {
      context.beginPath();
      for (const p of run) context.lineTo(chart.toDomXCoord(p.start), chart.toDomYCoord(p.upper));
      for (const p of run.reverse()) context.lineTo(chart.toDomXCoord(p.start), chart.toDomYCoord(p.lower));
      context.fill();
    }
    run = [];
  };
  for (const point of sensor.visible) {
    const isBroken = run.length > 0 && point.start - run.at(-1).start > LINE_BREAKS_AFTER;
    if (point.lower === null || isBroken) fill();
    if (point.lower !== null) run.push(point);
  }
  fill();
  context.restore();
}

function drawDiamond(context, x, y, size, fill) {
  context.beginPath();
  context.moveTo(x, y - size);
  context.lineTo(x + size, y);
  context.lineTo(x, y + size);
  context.lineTo(x - size, y);
  context.closePath();
  context.fillStyle = fill;
  context.strokeStyle = colour("--card");
  context.lineWidth = 1.5;
  context.stroke();
  context.fill();
}

function chartOptions(sensor) {
  const drawAnomalies = (event) => {
    for (const { xval, canvasx, canvasy } of event.points) {
      if (sensor.pointAt.get(xval)?.anomaly)
        drawDiamond(event.drawingContext, canvasx, canvasy, 5.5, colour("--alarm"));
    }
  };
  const xLabel = (time, granularity) => {
    const isMidnight = time.getUTCHours() === 0 && time.getUTCMinutes() === 0;
    return isMidnight || granularity >= Dygraph.DAILY ? dayOnly.format(time) : hourOnly.format(time);
  };
  return {
    labels: ["time", "last day", "mean"],
    series: {
      "last day": { strokePattern: [5, 4], strokeWidth: 1.25, plotter: Dygraph.Plotters.linePlotter, highlightCircleSize: 0 },
    },
    labelsUTC: true,
    legend: "never",
    colors: [colour("--soft"), colour("--accent")],
    strokeWidth: 1.75,
    gridLineColor: colour("--line"),
    axisLineColor: "transparent",
    plotter: [Dygraph.Plotters.linePlotter, drawAnomalies],
    underlayCallback: (context, area, chart) => drawBand(sensor, context, area, chart),
    axes: {
      x: { drawGrid: false, pixelsPerLabel: 64, axisLabelFormatter: xLabel },
      y: { axisLabelWidth: 38, pixelsPerLabel: 26, axisLabelFormatter: (value) => whole.format(value) },
    },
    highlightCircleSize: 3.5,
    interactionModel: {},
    resizable: "passive",
    highlightCallback: (event, time) => {
      const point = sensor.pointAt.get(time);
      sensor.hovered = true;
      if (point) sensor.tell(point);
    },
    unhighlightCallback: () => {
      sensor.hovered = false;
      sensor.tell(sensor.points.at(-1));
    },
  };
}

function redrawAll() {
  for (const sensor of sensors.values()) changed.add(sensor);
  requestDrawing();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const { chart } of sensors.values())
    chart?.updateOptions({ colors: [colour("--soft"), colour("--accent")], gridLineColor: colour("--line") }, true);
  redrawAll();
});

document.querySelector(".range").addEventListener("change", (event) => {
  daysShown = Number(event.target.value);
  redrawAll();
});

// --- The past ------------------------------------------------------------------------------------

async function stored(topic, query) {
  const answer = await fetch(`api/topics/${topic}?${new URLSearchParams(query)}`);
  if (!answer.ok) throw new Error(`the history answered ${answer.status}`);
  return answer.json();
}

/** First what is newest, which says what sensors there are, then each sensor's own past. */
async function fill() {
  for (const record of await stored("hourly", { limit: 1000 })) take(record, false);
  for (const key of [...sensors.keys()]) {
    for (const record of await stored("hourly", { key, limit: MAX_POINTS })) take(record, false);
    for (const record of await stored("last_day", { key, limit: MAX_POINTS })) takeLastDay(record);
  }
}

// --- The present ---------------------------------------------------------------------------------

const FIRST_WAIT = 500, LONGEST_WAIT = 8000;
let wait = FIRST_WAIT;
let newestWatermark = NaN;  // each sensor has its own; this is of the record that came last

function say(state, word) {
  byId("connection").dataset.state = state;
  byId("connection-word").textContent = word;
}

function open(topic) {
  const url = new URL(topic, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return new WebSocket(url);
}

/** Follows both topics; the second as long as the first. */
function connect() {
  say("connecting", "Connecting");
  const socket = open("hourly"), second = open("last_day");
  second.onmessage = (message) => takeLastDay(JSON.parse(message.data));
  socket.onopen = () => {
    ++connectionCount;
    wait = FIRST_WAIT;
    say("live", "Live");
    fill().catch((error) => console.warn(error.message));
  };
  socket.onmessage = (message) => {
    const record = JSON.parse(message.data);
    newestWatermark = Date.parse(record.watermark);
    take(record, true);
  };
  socket.onclose = () => {
    second.close();
    say("offline", "Offline");
    setTimeout(connect, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  };
}

// --- The figures -----------------------------------------------------------------------------------

const samples = [];  // of the events counter, of the last seconds

function metric(text, name) {
  const found = text.match(new RegExp(`^millrace_${name}(?:\\{[^}]*\\})? (\\S+)$`, "m"));
  return found ? Number(found[1]) : NaN;
}

function show(text) {
  const events = metric(text, "events_total");
  if (samples.length > 0 && events < samples.at(-1).events) samples.length = 0;
  samples.push({ events, at: performance.now() });
  if (samples.length > 4) samples.shift();
  const [first, last] = [samples[0], samples.at(-1)];
  const rate = samples.length > 1 ? (last.events - first.events) / ((last.at - first.at) / 1000) : NaN;
  byId("events-per-second").textContent = Number.isFinite(rate) ? whole.format(Math.round(rate)) : "–";

  const lost = metric(text, "storage_dropped_total") + metric(text, "storage_pending");
  byId("windows-stored").textContent = whole.format(metric(text, "storage_appended_total") - lost);
  byId("late-events").textContent = whole.format(metric(text, "events_late_total"));
  const watermark = newestWatermark || metric(text, "watermark_seconds") * 1000;
  byId("watermark").textContent = watermark > 0 ? yearTime.format(watermark) : "–";
}

async function poll() {
  try {
    const answer = await fetch("metrics");
    if (answer.ok) show(await answer.text());
  } catch {
    samples.length = 0;
    byId("events-per-second").textContent = "–";
  }
  setTimeout(poll, 1000);
}

if (!window.Dygraph) {
  byId("notice").textContent =
    "The chart library is missing, so there are numbers only. It is Debian's package " +
    "libjs-dygraphs; traffic_server takes another place by --dygraphs DIRECTORY.";
  byId("notice").hidden = false;
}
connect();
poll();
