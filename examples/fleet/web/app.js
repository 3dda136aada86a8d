// The dispatcher's page: follows the server's four topics, and draws the map itself.

const MINUTE = 60_000, HOUR = 60 * MINUTE;
const LATE_FROM = 10;            // minutes of delay
const SILENT_FROM = 5 * MINUTE;  // behind the newest position
const MOST_TRUCKS = 500, MOST_CROSSINGS = 2000, MOST_STAYS = 2000, MOST_HOURS = 1000;

const byId = (id) => document.getElementById(id);
const utc = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });
const clockTime = utc({ hour: "2-digit", minute: "2-digit" });
const dayName = utc({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
const hourName = utc({ hour: "2-digit" });
const at = (time) => clockTime.format(time);

// --- What is known -------------------------------------------------------------------------------

const trucks = new Map();     // name -> the newest record, with times as numbers
const crossings = new Map();  // truck, depot, way and time -> what was said of it last
const stays = new Map();      // depot, truck and start
const hours = new Map();      // depot and start
let now = 0;                  // the newest position's time
let corrections = 0;          // that came while the page was open
let region = { coast: [], lakes: [] }, depots = [], routes = new Map();
let chosen = null;

function forgetOldest(map, most) {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}

const takes = {
  trucks(record) {
    const known = trucks.get(record.truck);
    if (!known && trucks.size >= MOST_TRUCKS) return;
    const time = Date.parse(record.time);
    now = Math.max(now, time);
    trucks.set(record.truck, {
      ...record, time, name: record.truck, arrival: record.arrival ? Date.parse(record.arrival) : null,
      shown: known?.shown ?? [record.latitude, record.longitude],
    });
  },
  crossings(record, isLive) {
    const key = `${record.truck}/${record.depot}/${record.entered}/${record.time}`;
    if (crossings.get(key)?.number >= record.number) return;
    if (isLive && record.withdrawn) ++corrections;
    crossings.set(key, { ...record, time: Date.parse(record.time) });
    forgetOldest(crossings, MOST_CROSSINGS);
  },
  stays(record, isLive) {
    const key = `${record.depot}/${record.truck}/${record.start}`;
    if (isLive && record.trigger === "late") ++corrections;
    if (record.change === "remove") return void stays.delete(key);
    stays.set(key, record);
    forgetOldest(stays, MOST_STAYS);
  },
  hourly(record, isLive) {
    if (isLive && record.trigger === "late") ++corrections;
    hours.set(`${record.depot}/${Date.parse(record.start)}`, record);
    forgetOldest(hours, MOST_HOURS);
  },
};

function stateOf(truck) {
  if (now - truck.time > SILENT_FROM) return "silent";
  if (truck.depot !== "") return "depot";
  return truck.delay >= LATE_FROM ? "late" : "moving";
}

// --- The tables ----------------------------------------------------------------------------------

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function row(cells, truck) {
  const made = element("tr");
  for (const [className, text] of cells) made.append(element("td", className, text));
  if (truck !== undefined) {
    made.dataset.truck = truck;
    made.classList.toggle("is-chosen", truck === chosen);
  }
  return made;
}

const length = (minutes) =>
  minutes < 60 ? `${Math.round(minutes)} min` : `${Math.floor(minutes / 60)} h ${String(Math.round(minutes) % 60).padStart(2, "0")}`;
const delayOf = (minutes) =>
  Math.round(minutes) > 0 ? `+${Math.round(minutes)} min` : Math.round(minutes) < 0 ? `−${-Math.round(minutes)} min` : "on time";

function fillArrivals() {
  const bound = [...trucks.values()].filter((truck) => truck.arrival !== null && truck.arrival > now - HOUR)
    .sort((a, b) => a.arrival - b.arrival);
  byId("arrivals-count").textContent = bound.length ? `${bound.length} trucks` : "";
  byId("no-arrivals").hidden = bound.length > 0;
  byId("arrivals").replaceChildren(...bound.map((truck) => {
    const made = row([["truck", truck.name], ["", truck.destination], ["number soft", `${Math.round(truck.left)} km`],
      ["number", at(truck.arrival)], ["number", ""]], truck.name);
    const isSilent = stateOf(truck) === "silent";
    made.lastChild.append(element("span", "delay", isSilent ? "no signal" : delayOf(truck.delay)));
    made.classList.toggle("is-silent", isSilent);
    made.classList.toggle("is-late", !isSilent && truck.delay >= LATE_FROM);
    return made;
  }));
}

/** The trucks that are at a depot, by when they came. */
function standing() {
  const since = new Map();
  for (const one of crossings.values())
    if (!one.withdrawn && one.entered && trucks.get(one.truck)?.depot === one.depot)
      since.set(one.truck, Math.max(one.time, since.get(one.truck) ?? 0));
  return [...since].map(([name, start]) => ({ ...trucks.get(name), start })).sort((a, b) => a.start - b.start);
}

function fillStays() {
  const all = standing();
  byId("stays-count").textContent = all.length ? `${all.length} trucks` : "";
  byId("no-stays").hidden = all.length > 0;
  byId("stays").replaceChildren(...all.map((truck) => row([["truck", truck.name], ["", truck.depot],
    ["number soft", at(truck.start)], ["number", length((truck.time - truck.start) / MINUTE)]], truck.name)));
}

function fillDepots() {
  const shown = innerWidth < 640 ? 6 : innerWidth < 1300 ? 9 : 12;
  const newest = Math.floor(now / HOUR) * HOUR;
  const columns = Array.from({ length: shown }, (_, i) => newest - (shown - 1 - i) * HOUR);
  const head = element("tr");
  for (const [className, text] of [["", "Depot"], ["number", "Now"], ["number", "Mean stay"]])
    head.append(element("th", className, text));
  for (const start of columns) head.append(element("th", "heat", hourName.format(start)));
  byId("depots-head").replaceChildren(head);
  const most = Math.max(1, ...[...hours.values()].map((record) => record.distinct));
  byId("depots").replaceChildren(...depots.map(({ depot }) => {
    const ended = [...stays.values()].filter((stay) => stay.depot === depot);
    const mean = ended.reduce((sum, stay) => sum + stay.minutes, 0) / ended.length;
    const there = [...trucks.values()].filter((truck) => truck.depot === depot).length;
    const made = row([["truck", depot], ["number", String(there)], ["number soft", ended.length ? length(mean) : "–"]]);
    for (const start of columns) {
      const record = hours.get(`${depot}/${start}`);
      const cell = element("td", "heat"), value = element("span", "", record ? String(record.distinct) : "·");
      const share = (record?.distinct ?? 0) / most;
      value.style.background = `rgb(var(--heat) / ${Math.round(6 + 64 * share)}%)`;
      if (share > 0.72) value.style.color = "var(--heat-ink)";
      cell.classList.toggle("is-open", record !== undefined && start === newest);
      Object.assign(cell.dataset, { depot, start: new Date(start).toISOString() });
      cell.append(value);
      made.append(cell);
    }
    return made;
  }));
}

function fillFeed() {
  const newest = [...crossings.values()].sort((a, b) => b.time - a.time || b.number - a.number).slice(0, 60);
  byId("no-feed").hidden = newest.length > 0;
  byId("feed").replaceChildren(...newest.map((one) => {
    const made = element("li", one.entered ? "enters" : "leaves");
    made.classList.toggle("is-withdrawn", one.withdrawn);
    const time = element("time", "", at(one.time));
    time.dateTime = new Date(one.time).toISOString();
    const what = element("span", "what"), truck = element("b", "", one.truck);
    what.append(truck, one.entered ? " enters " : " leaves ", one.depot);
    const text = element("span");
    text.append(what);
    if (one.withdrawn) text.append(element("span", "tag", "corrected"));
    made.append(time, element("span", "sign", one.entered ? "→" : "←"), text);
    return made;
  }));
}

function fillFigures() {
  const count = { moving: 0, late: 0, depot: 0, silent: 0 };
  for (const truck of trucks.values()) ++count[stateOf(truck)];
  byId("moving").textContent = count.moving + count.late;
  byId("late").textContent = count.late;
  byId("parked").textContent = count.depot;
  byId("silent").textContent = count.silent;
  byId("corrections").textContent = corrections;
  byId("clock").textContent = now ? at(now) : "–";
  byId("day").textContent = now ? dayName.format(now) : "\u00a0";
  map.dataset.trucks = trucks.size;
  map.setAttribute("aria-label", `Map: ${count.moving} trucks on time, ${count.late} late, ` +
    `${count.depot} at a depot, ${count.silent} without a signal`);
}

let isFillingDue = false;
function requestFilling() {
  if (isFillingDue) return;
  isFillingDue = true;
  setTimeout(() => {
    isFillingDue = false;
    fillFigures();
    fillArrivals();
    fillStays();
    fillDepots();
    fillFeed();
  }, 250);
}

for (const id of ["arrivals", "stays"]) {
  byId(id).addEventListener("pointerdown", (event) => choose(event.target.closest("[data-truck]")?.dataset.truck ?? null));
}

function choose(name) {
  chosen = name === chosen ? null : name;
  requestFilling();
}

// --- The map -------------------------------------------------------------------------------------

const map = byId("map"), context = map.getContext("2d");
let ground = null;            // what does not move, drawn once a size and colour scheme
let toX = () => 0, toY = () => 0, kilometre = 1, scale = 1;
let pointer = null;

const colours = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["card", "ink", "soft", "accent", "late", "depot", "silent", "sea", "shallow", "land", "coast", "lake", "road", "road-edge"])
    colours[name] = style.getPropertyValue(`--${name}`).trim();
}

function fit() {
  const { width, height } = map.getBoundingClientRect();
  const ratio = devicePixelRatio || 1;
  map.width = Math.round(width * ratio);
  map.height = Math.round(height * ratio);
  scale = ratio;
  const latitudes = region.coast.map(([latitude]) => latitude), longitudes = region.coast.map(([, longitude]) => longitude);
  const [south, north, west, east] = [Math.min(...latitudes), Math.max(...latitudes), Math.min(...longitudes), Math.max(...longitudes)];
  const narrowing = Math.cos((south + north) / 2 * Math.PI / 180);
  const margin = Math.min(26, width * 0.035);
  const degree = Math.min((width - 2 * margin) / ((east - west) * narrowing), (height - 2 * margin) / (north - south));
  toX = (longitude) => width / 2 + (longitude - (west + east) / 2) * narrowing * degree;
  toY = (latitude) => height / 2 - (latitude - (south + north) / 2) * degree;
  kilometre = degree / 111.2;
  drawGround(width, height);
}

/** A closed line, rounded: its corners are where the curves bend. */
function traceShore(on, points) {
  const corner = (i) => { const [latitude, longitude] = points[i % points.length]; return [toX(longitude), toY(latitude)]; };
  on.beginPath();
  for (let i = 0; i <= points.length; ++i) {
    const [x, y] = corner(i), [nextX, nextY] = corner(i + 1);
    if (i === 0) on.moveTo((x + nextX) / 2, (y + nextY) / 2);
    else on.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  }
  on.closePath();
}

function trace(on, points) {
  on.beginPath();
  points.forEach(([latitude, longitude], i) => on[i ? "lineTo" : "moveTo"](toX(longitude), toY(latitude)));
}

function drawGround(width, height) {
  ground = new OffscreenCanvas(map.width, map.height);
  const on = ground.getContext("2d");
  on.scale(scale, scale);
  on.lineJoin = on.lineCap = "round";
  on.fillStyle = colours.sea;
  on.fillRect(0, 0, width, height);
  traceShore(on, region.coast);
  on.strokeStyle = colours.shallow;
  for (const wide of [26, 12]) {
    on.lineWidth = wide;
    on.globalAlpha = 0.7;
    on.stroke();
  }
  on.globalAlpha = 1;
  on.fillStyle = colours.land;
  on.strokeStyle = colours.coast;
  on.lineWidth = 1.4;
  on.fill();
  on.stroke();
  for (const lake of region.lakes) {
    traceShore(on, lake);
    on.fillStyle = colours.lake;
    on.fill();
    on.stroke();
  }
  for (const [colour, wide] of [[colours["road-edge"], 4.5], [colours.road, 2.6]]) {
    on.strokeStyle = colour;
    on.lineWidth = wide;
    for (const { path } of routes.values()) {
      trace(on, path);
      on.stroke();
    }
  }
  drawScale(on, width, height);
}

function drawScale(on, width, height) {
  const long = 20 * kilometre, x = width - 18 - long, y = height - 16;
  on.strokeStyle = on.fillStyle = colours.soft;
  on.lineWidth = 1.5;
  on.beginPath();
  on.moveTo(x, y - 4);
  on.lineTo(x, y);
  on.lineTo(x + long, y);
  on.lineTo(x + long, y - 4);
  on.stroke();
  on.font = "11px system-ui, sans-serif";
  on.textAlign = "center";
  on.fillText("20 km", x + long / 2, y - 6);
}

function drawDepots() {
  for (const { depot, latitude, longitude, radius } of depots) {
    const x = toX(longitude), y = toY(latitude), r = radius * kilometre;
    context.beginPath();
    context.arc(x, y, r, 0, 2 * Math.PI);
    context.globalAlpha = 0.16;
    context.fillStyle = colours.depot;
    context.fill();
    context.globalAlpha = 1;
    context.setLineDash([4, 3]);
    context.lineWidth = 1.2;
    context.strokeStyle = colours.depot;
    context.stroke();
    context.setLineDash([]);
  }
}

function drawLabels() {
  context.textAlign = "center";
  context.lineJoin = "round";
  for (const { depot, latitude, longitude, radius } of depots) {
    const there = [...trucks.values()].filter((truck) => truck.depot === depot).length;
    const text = there > 0 ? `${depot} · ${there}` : depot;
    context.font = "600 12px system-ui, sans-serif";
    const half = context.measureText(text).width / 2 + 4;
    const x = Math.min(Math.max(toX(longitude), half), map.width / scale - half);
    outlined(text, x, toY(latitude) - radius * kilometre - 6, colours.ink);
  }
}

function outlined(text, x, y, colour) {
  context.strokeStyle = colours.land;
  context.lineWidth = 3.5;
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

function drawTruck(truck) {
  const state = stateOf(truck), [latitude, longitude] = truck.shown;
  const x = toX(longitude), y = toY(latitude);
  const colour = { moving: colours.accent, late: colours.late, depot: colours.depot, silent: colours.silent }[state];
  context.save();
  context.translate(x, y);
  if (truck.name === chosen) {
    context.beginPath();
    context.arc(0, 0, 13, 0, 2 * Math.PI);
    context.strokeStyle = colours.ink;
    context.lineWidth = 2;
    context.stroke();
  }
  context.beginPath();
  if (truck.depot !== "") {
    context.arc(0, 0, 3.2, 0, 2 * Math.PI);
  } else {
    context.rotate(truck.heading * Math.PI / 180);
    context.moveTo(0, -9);
    context.lineTo(6, 7);
    context.lineTo(0, 4);
    context.lineTo(-6, 7);
    context.closePath();
  }
  context.lineJoin = "round";
  context.lineWidth = state === "silent" ? 1.8 : truck.depot !== "" ? 1 : 1.6;
  context.strokeStyle = state === "silent" ? colour : colours.card;
  context.fillStyle = state === "silent" ? colours.land : colour;
  context.stroke();
  context.fill();
  context.restore();
}

function drawChosenRoute() {
  const truck = trucks.get(chosen), route = truck && routes.get(truck.route);
  if (!route) return;
  trace(context, route.path);
  context.lineWidth = 4;
  context.lineJoin = context.lineCap = "round";
  context.strokeStyle = truck.delay >= LATE_FROM ? colours.late : colours.accent;
  context.globalAlpha = 0.55;
  context.stroke();
  context.globalAlpha = 1;
}

const isStill = matchMedia("(prefers-reduced-motion: reduce)");
let drawnAt = 0;

function draw(time) {
  requestAnimationFrame(draw);
  if (!ground) return;
  const share = isStill.matches ? 1 : Math.min(1, (time - drawnAt) / 220);
  drawnAt = time;
  for (const truck of trucks.values()) {
    truck.shown[0] += (truck.latitude - truck.shown[0]) * share;
    truck.shown[1] += (truck.longitude - truck.shown[1]) * share;
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.drawImage(ground, 0, 0);
  context.scale(scale, scale);
  drawChosenRoute();
  drawDepots();
  const all = [...trucks.values()].sort((a, b) => (a.depot === "") - (b.depot === ""));
  for (const truck of all) drawTruck(truck);
  drawLabels();
  const picked = trucks.get(chosen);
  if (picked && picked.depot === "") {
    context.font = "600 12px system-ui, sans-serif";
    context.textAlign = "left";
    outlined(picked.name, toX(picked.shown[1]) + 15, toY(picked.shown[0]) + 4, colours.ink);
  }
  tell();
}

/** The truck under the pointer. */
function nearest() {
  let found = null, best = 18;
  for (const truck of trucks.values()) {
    const distance = Math.hypot(toX(truck.shown[1]) - pointer.x, toY(truck.shown[0]) - pointer.y);
    if (distance < best) [found, best] = [truck, distance];
  }
  return found;
}

function tell() {
  const tip = byId("tip"), truck = pointer && nearest();
  tip.hidden = !truck;
  if (!truck) return;
  const lines = [truck.depot ? `${truck.name} at ${truck.depot}` : `${truck.name}, ${Math.round(truck.speed)} km/h`];
  if (truck.arrival !== null)
    lines.push(`${truck.destination} at ${at(truck.arrival)} (${delayOf(truck.delay)}), ${Math.round(truck.left)} km left`);
  if (stateOf(truck) === "silent") lines.push(`no signal since ${at(truck.time)}`);
  const text = lines.join("\n");
  if (tip.textContent !== text) tip.textContent = text;
  const { width, height } = map.getBoundingClientRect();
  tip.style.left = `${Math.max(8, Math.min(pointer.x + 14, width - tip.offsetWidth - 8))}px`;
  tip.style.top = `${Math.max(8, Math.min(pointer.y + 14, height - tip.offsetHeight - 8))}px`;
}

map.addEventListener("pointermove", (event) => { pointer = { x: event.offsetX, y: event.offsetY }; });
map.addEventListener("pointerleave", () => { pointer = null; });
map.addEventListener("click", (event) => {
  pointer = { x: event.offsetX, y: event.offsetY };
  choose(nearest()?.name ?? null);
});

// --- The server ----------------------------------------------------------------------------------

async function file(name) {
  const answer = await fetch(name);
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer;
}

function readRoutes(text) {
  for (const line of text.trim().split("\n").slice(1)) {
    const [name, origin, destination, , , path] = line.split(",");
    routes.set(name, { origin, destination, path: path.split(" ").map((point) => point.split("/").map(Number)) });
  }
}

const FIRST_WAIT = 500, LONGEST_WAIT = 8000;
let wait = FIRST_WAIT;

function say(state, word) {
  byId("connection").dataset.state = state;
  byId("connection-word").textContent = word;
}

/** A topic's past, then what has come since one began to listen. A record twice does no harm. */
function follow(topic, onEnd) {
  const url = new URL(topic, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url);
  let waiting = [];
  const take = (record, isLive) => {
    takes[topic](record, isLive);
    requestFilling();
  };
  socket.onmessage = ({ data }) => {
    const record = JSON.parse(data);
    if (waiting) waiting.push(record);
    else take(record, true);
  };
  socket.onclose = onEnd;
  return new Promise((resolve) => {
    socket.onopen = async () => {
      try {
        for (const record of await (await file(`api/topics/${topic}?limit=5000`)).json()) take(record, false);
      } catch (error) {
        console.warn(error.message);
      }
      for (const record of waiting) take(record, true);
      waiting = null;
      resolve(socket);
    };
  });
}

function connect() {
  say("connecting", "Connecting");
  for (const known of [trucks, crossings, stays, hours]) known.clear();
  now = 0;
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    say("offline", "Offline");
    for (const topic of topics) topic.then((socket) => socket.close());
    setTimeout(connect, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  };
  const topics = Object.keys(takes).map((topic) => follow(topic, end));
  Promise.all(topics).then(() => {
    if (isOver) return;
    wait = FIRST_WAIT;
    say("live", "Live");
  });
}

async function start() {
  const [shape, places, table] = await Promise.all([file("data/region.json"), file("data/depots.json"), file("data/routes.csv")]);
  region = await shape.json();
  depots = await places.json();
  readRoutes(await table.text());
  byId("region").textContent = `${region.name} · ${depots.length} depots · ${routes.size} routes`;
  readColours();
  new ResizeObserver(fit).observe(map);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    readColours();
    fit();
  });
  requestAnimationFrame(draw);
  connect();
}

start().catch((error) => {
  say("offline", "Offline");
  byId("region").textContent = error.message;
});
