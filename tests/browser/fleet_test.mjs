// The fleet example's page in a real browser, whose numbers are compared with what a naive look at the
// same positions says:
//     node fleet_test.mjs BUILD_DIRECTORY_OF_THE_EXAMPLE DIRECTORY_FOR_SCREENSHOTS [CHROMIUM]
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const SKIPPED = 77;
const LONGEST_WAIT = 60_000;
const MINUTE = 60_000, HOUR = 60 * MINUTE;
const [programs, screenshots, chromium = "/usr/bin/chromium"] = process.argv.slice(2);

function skip(why) {
  console.log(`SKIPPED: ${why}`);
  process.exit(SKIPPED);
}
if (!existsSync(chromium)) skip(`no browser at ${chromium} (Debian: chromium)`);
const { chromium: driver } = await import("playwright-core").catch(() =>
  skip("no playwright-core: run npm ci in tests/browser"));

// --- Processes ---------------------------------------------------------------------------------

const started = new Set();

async function startServer(port = 0) {
  const server = spawn(join(programs, "fleet_server"), ["--port", String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  server.ended = new Promise((resolve) => server.once("exit", resolve));
  started.add(server);
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const { value: address = "" } = await lines.next();
  assert.match(address, /^http:\/\/localhost:\d+$/);
  return { server, address, port: Number(address.split(":").at(-1)) };
}

async function end(server) {
  server.kill("SIGTERM");
  assert.equal(await server.ended, 0);
  started.delete(server);
}

function run(...options) {
  assert.equal(spawnSync(join(programs, "fleet_feeder"), options, { stdio: ["ignore", "ignore", "inherit"], timeout: 60_000 }).status, 0);
}

// --- What the positions say ----------------------------------------------------------------------

const utc = (time, length) => new Date(time).toISOString().slice(11, length);
const inWords = (minutes) =>
  minutes < 60 ? `${Math.round(minutes)} min` : `${Math.floor(minutes / 60)} h ${String(Math.round(minutes) % 60).padStart(2, "0")}`;

function placeIn(depots) {
  const radians = (degrees) => degrees * Math.PI / 180;
  const point = (latitude, longitude) => [Math.cos(radians(latitude)) * Math.cos(radians(longitude)),
    Math.cos(radians(latitude)) * Math.sin(radians(longitude)), Math.sin(radians(latitude))];
  return ({ latitude, longitude }) => depots.find((one) => {
    const here = point(latitude, longitude), there = point(one.latitude, one.longitude);
    return 2 * 6371 * Math.asin(Math.hypot(...here.map((x, i) => x - there[i])) / 2) <= one.radius;
  })?.depot ?? "";
}

/** What the page is to show at the end of them all. */
function expect(positions, depots, routes) {
  const depotOf = placeIn(depots), newest = new Map(), tracks = new Map(), seen = new Map();
  let latest = 0;
  for (const position of positions) {
    const time = Date.parse(position.time), depot = depotOf(position);
    latest = Math.max(latest, time);
    const watermark = latest - MINUTE;
    if (!(newest.get(position.truck)?.time > time)) newest.set(position.truck, { ...position, time, depot });
    if (time >= watermark - 30 * MINUTE) {
      if (!tracks.has(position.truck)) tracks.set(position.truck, []);
      tracks.get(position.truck).push({ time, depot });
    }
    const hour = Math.floor(time / HOUR) * HOUR;
    if (depot !== "" && hour + HOUR + 30 * MINUTE > watermark) {
      const key = `${depot}/${new Date(hour).toISOString()}`;
      seen.set(key, (seen.get(key) ?? new Set()).add(position.truck));
    }
  }
  const stays = new Map(depots.map(({ depot }) => [depot, []])), since = [], gates = [];
  for (const [truck, track] of tracks) {
    track.sort((a, b) => a.time - b.time);
    let before = "";
    for (const { time, depot } of track) {
      if (depot !== before && before !== "") gates.push({ time, text: `${truck} leaves ${before}` });
      if (depot !== before && depot !== "") gates.push({ time, text: `${truck} enters ${depot}`, truck, depot });
      before = depot;
    }
    for (const { depot } of depots) {
      let stay = null;
      const close = () => { if (stay && stay.last + 10 * MINUTE <= latest - MINUTE) stays.get(depot).push((stay.last - stay.first) / MINUTE); };
      for (const { time } of track.filter((one) => one.depot === depot)) {
        if (stay && time - stay.last < 10 * MINUTE) {
          stay.last = time;
        } else {
          close();
          stay = { first: time, last: time };
        }
      }
      close();
    }
    const now = newest.get(truck), entry = gates.filter((one) => one.truck === truck && one.depot === now.depot).at(-1);
    if (now.depot !== "" && entry) since.push({ truck, time: entry.time });
  }
  const bound = [...newest.values()].filter(({ route }) => route !== "").map(({ truck, route, driven, departed, time }) => {
    const { length, speed, destination } = routes.get(route);
    const arrival = time + Math.max(0, length - driven) / speed * HOUR;
    return { truck, destination, arrival, delay: (arrival - Date.parse(departed) - length / speed * HOUR) / MINUTE };
  }).filter(({ arrival }) => arrival > latest - HOUR).sort((a, b) => a.arrival - b.arrival);
  const delays = new Map(bound.map(({ truck, delay }) => [truck, delay]));
  const count = { moving: 0, late: 0, parked: 0, silent: 0 };
  for (const { truck, time, depot } of newest.values()) {
    if (latest - time > 5 * MINUTE) ++count.silent;
    else if (depot !== "") ++count.parked;
    else ++count[delays.get(truck) >= 10 ? "late" : "moving"];
  }
  return {
    latest, bound, count, gates: gates.sort((a, b) => b.time - a.time),
    since: since.sort((a, b) => a.time - b.time),
    hours: Object.fromEntries([...seen].map(([key, trucks]) => [key, String(trucks.size)])),
    stays: Object.fromEntries([...stays].map(([depot, all]) => [depot, inWords(all.reduce((a, b) => a + b) / all.length)])),
  };
}

// --- The page ------------------------------------------------------------------------------------

const complaints = [];
let isServerExpected = true;

async function open(browser, address, options) {
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(LONGEST_WAIT);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    const isOurs = message.text().startsWith("Canvas2D:");  // of our looking at pixels
    const isNetwork = /ERR_CONNECTION|WebSocket connection to|ERR_EMPTY_RESPONSE|Failed to fetch/.test(message.text());
    if (["error", "warning"].includes(message.type()) && !isOurs && (isServerExpected || !isNetwork))
      complaints.push(message.text());
  });
  await page.goto(address);
  return page;
}

const until = (page, condition, argument) => page.waitForFunction(condition, argument, { timeout: LONGEST_WAIT });
const isIn = (page, state) => until(page, (state) => document.querySelector("#connection").dataset.state === state, state);
const rows = (page, selector) => page.$$eval(`${selector} tr`, (all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));

const send = (page, positions) => page.evaluate((positions) => new Promise((resolve, reject) => {
  const socket = new WebSocket(`ws://${location.host}/positions`);
  socket.onerror = () => reject(new Error("cannot send"));
  socket.onopen = () => { socket.send(JSON.stringify(positions)); socket.close(); };
  socket.onclose = resolve;
}), positions);

/** How many pixels of the map have about the colour of a CSS variable. */
const pixels = (page, variable) => page.evaluate((variable) => {
  const wanted = getComputedStyle(document.documentElement).getPropertyValue(variable).trim()
    .match(/[0-9a-f]{2}/gi).map((digits) => parseInt(digits, 16));
  const map = document.querySelector("#map");
  const { data } = map.getContext("2d").getImageData(0, 0, map.width, map.height);
  let found = 0;
  for (let i = 0; i < data.length; i += 4) found += wanted.every((value, j) => Math.abs(data[i + j] - value) < 10);
  return found;
}, variable);

async function check(page, expected, widest) {
  await isIn(page, "live");
  await until(page, ([trucks, clock]) => document.querySelector("#map").dataset.trucks === trucks &&
    document.querySelector("#clock").textContent === clock, ["40", utc(expected.latest, 16)]);
  const { moving, late, parked, silent } = expected.count;
  // The open hour is told of twice a second.
  await until(page, ([figures, hours, stays]) =>
    Object.entries(figures).every(([id, value]) => document.getElementById(id).textContent === String(value)) &&
    [...document.querySelectorAll("#depots .heat")].every((cell) =>
      cell.textContent === (hours[`${cell.dataset.depot}/${cell.dataset.start}`] ?? "·")) &&
    [...document.querySelectorAll("#depots tr")].every((row) => row.cells[2].textContent === stays[row.cells[0].textContent]),
  [{ moving: moving + late, late, parked, silent }, expected.hours, expected.stays]);
  assert.equal((await rows(page, "#depots")).length, 6);

  const arrivals = await rows(page, "#arrivals");
  assert.deepEqual(arrivals.map(([truck, destination, , arrival]) => [truck, destination, arrival]),
    expected.bound.map(({ truck, destination, arrival }) => [truck, destination, utc(arrival, 16)]));
  for (const [i, { delay }] of expected.bound.entries()) {
    const minutes = Math.round(delay);
    const words = minutes > 0 ? `+${minutes} min` : minutes < 0 ? `−${-minutes} min` : "on time";
    assert.ok([words, "no signal"].includes(arrivals[i][4]), `${arrivals[i]}: ${words}`);
  }
  assert.deepEqual((await rows(page, "#stays")).map(([truck, , since]) => [truck, since]),
    expected.since.map(({ truck, time }) => [truck, utc(time, 16)]));
  const said = await page.$$eval("#feed li:not(.is-withdrawn) .what", (all) => all.map((one) => one.textContent));
  const newest = expected.gates.slice(0, 100).map(({ text }) => text);
  assert.ok(said.length >= 20 && said.every((text) => newest.includes(text)), "the gates");

  assert.ok(await pixels(page, "--accent") > 100 && await pixels(page, "--depot") > 50, "no trucks are drawn");
  assert.ok(await pixels(page, "--land") > 5000 && await pixels(page, "--sea") > 2000, "no island is drawn");
  const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(needed <= given && given === widest, `the page needs ${needed} px of ${given}`);
}

// --- What is tested ------------------------------------------------------------------------------

const step = (what) => console.log(what);

async function test(browser, directory) {
  run("--to", join(directory, "positions"), "--minutes", "300");
  const positions = (await readFile(join(directory, "positions"), "utf8")).trim().split("\n").map((line) => JSON.parse(line));
  const first = await startServer();
  const { address, port } = first;
  let { server } = first;
  const depots = await (await fetch(`${address}/data/depots.json`)).json();
  const table = (await (await fetch(`${address}/data/routes.csv`)).text()).trim().split("\n").slice(1).map((line) => line.split(","));
  const routes = new Map(table.map(([name, , destination, length, speed]) => [name, { destination, length: Number(length), speed: Number(speed) }]));
  const expected = expect(positions, depots, routes);

  step("the day comes live, and its numbers are right at desk width");
  const desk = { viewport: { width: 1440, height: 900 } };
  const page = await open(browser, address, desk);
  await isIn(page, "live");
  run("--port", String(port), "--minutes", "300", "--past", "1440");
  await check(page, expected, 1440);
  assert.ok(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight), "the page scrolls");
  await page.screenshot({ path: join(screenshots, "fleet_desk.png") });

  step("and from the history at phone width");
  const phone = await open(browser, address, { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
  await check(phone, expected, 390);
  await phone.screenshot({ path: join(screenshots, "fleet_phone.png"), fullPage: true });
  await phone.context().close();

  step("a truck that is new comes, with a name that is no markup");
  const name = "<img src=x onerror=window.injected=1>";
  const at = (minutes, depot) => ({
    truck: name, route: "ALD-NOR", heading: 90, speed: 60, driven: 10, departed: new Date(expected.latest - 20 * MINUTE).toISOString(),
    time: new Date(expected.latest + minutes * MINUTE).toISOString(),
    latitude: depot?.latitude ?? 46.4, longitude: depot?.longitude ?? -29.9,
  });
  await send(page, [at(0)]);
  await until(page, (name) => [...document.querySelectorAll("#arrivals .truck")].some((cell) => cell.textContent === name), name);
  assert.equal(await page.evaluate(() => window.injected), undefined);

  step("late positions put it into a depot, and correct when it left");
  const feed = (page, text, isWithdrawn) => until(page, ([text, isWithdrawn]) => [...document.querySelectorAll("#feed li")].some((item) =>
    item.querySelector(".what").textContent === text && item.classList.contains("is-withdrawn") === isWithdrawn), [text, isWithdrawn]);
  await send(page, [at(-5, depots[2])]);
  await feed(page, `${name} enters ${depots[2].depot}`, false);
  await feed(page, `${name} leaves ${depots[2].depot}`, false);
  await send(page, [at(-3)]);
  await feed(page, `${name} leaves ${depots[2].depot}`, true);

  step("a truck that is chosen in the list is marked on the map, and told of under the pointer");
  const { truck } = expected.bound.at(-1);
  await page.locator(`#arrivals tr[data-truck="${truck}"]`).dispatchEvent("pointerdown");
  await until(page, (truck) => document.querySelector(".is-chosen")?.dataset.truck === truck, truck);
  const { x, y, width, height } = await page.locator("#map").boundingBox();
  let told = "";
  for (let across = 0; across < width && !told; across += 12) {
    await page.mouse.move(x + across, y + height / 2);
    if (await page.locator("#tip").isVisible()) told = await page.locator("#tip").textContent();
  }
  assert.match(told, /^T\d\d|^</);

  step("the page comes back with the server, which has forgotten all");
  isServerExpected = false;
  await end(server);
  await isIn(page, "offline");
  ({ server } = await startServer(port));
  await isIn(page, "live");
  isServerExpected = true;
  run("--port", String(port), "--minutes", "300", "--past", "1440");
  await check(page, expected, 1440);

  assert.deepEqual(complaints, [], "the browser's console");
  await page.context().close();
  await end(server);
}

await mkdir(screenshots, { recursive: true });
const directory = await mkdtemp(join(tmpdir(), "millrace-browser-"));
const browser = await driver.launch({
  executablePath: chromium,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  await test(browser, directory);
  console.log(`passed; screenshots are in ${screenshots}`);
} finally {
  await browser.close();
  for (const child of started) child.kill("SIGKILL");
  await rm(directory, { recursive: true });
}
