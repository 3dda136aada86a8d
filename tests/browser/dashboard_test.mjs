// The traffic example's page in a real browser:
//     node dashboard_test.mjs BUILD_DIRECTORY_OF_THE_EXAMPLE DIRECTORY_FOR_SCREENSHOTS PYTHON [CHROMIUM]
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const SKIPPED = 77;
const SENSORS = 7;
const LONGEST_WAIT = 60_000;
const [programs, screenshots, python, chromium = "/usr/bin/chromium"] = process.argv.slice(2);

function skip(why) {
  console.log(`SKIPPED: ${why}`);
  process.exit(SKIPPED);
}
if (!existsSync(chromium)) skip(`no browser at ${chromium} (Debian: chromium)`);
const { chromium: driver } = await import("playwright-core").catch(() =>
  skip("no playwright-core: run npm ci in tests/browser"));

// --- Processes ---------------------------------------------------------------------------------

const started = new Set();
function start(program, ...options) {
  const child = spawn(join(programs, program), options, { stdio: ["ignore", "pipe", "inherit"] });
  child.ended = new Promise((resolve) => child.once("exit", resolve));
  started.add(child);
  return child;
}

async function end(child, signal = "SIGTERM") {
  child.kill(signal);
  await child.ended;
  started.delete(child);
}

async function startServer(database, port = 0) {
  const server = start("traffic_server", "--port", String(port), "--db", database);
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const { value: address = "" } = await lines.next();
  assert.match(address, /^http:\/\/localhost:\d+$/);
  return { server, address, port: Number(address.split(":").at(-1)) };
}

/** What a crash may leave, for topics are committed apart: a last day that is one hour behind. */
function loseTheNewestDays(database) {
  const { status } = spawnSync(python, ["-c", `
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    lost = database.execute("""DELETE FROM last_day WHERE (sensor, start) IN
                               (SELECT sensor, max(start) FROM last_day GROUP BY sensor)""").rowcount
sys.exit(lost != int(sys.argv[2]))`, database, String(SENSORS)], { stdio: "inherit" });
  assert.equal(status, 0);
}

function startReplay(port, speed) {
  const replay = start("traffic_replay", "--port", String(port), "--speed", String(speed));
  replay.stdout.resume();
  return replay;
}

// --- The page ------------------------------------------------------------------------------------

const complaints = [];
let isServerExpected = true;

async function open(browser, address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1240 }, ...options });
  const page = await context.newPage();
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

const until = (page, condition, argument) =>
  page.waitForFunction(condition, argument, { timeout: LONGEST_WAIT });

const cards = (page) => page.$$eval("[data-sensor]", (all) => all.map((card) => ({
  sensor: card.dataset.sensor,
  points: Number(card.dataset.points),
  anomalies: Number(card.dataset.anomalies),
  latest: card.dataset.latest,
})));

const isFilled = (count) =>
  [...document.querySelectorAll("[data-points]")].filter((card) => Number(card.dataset.points) >= 15).length >= count &&
  document.querySelector("#connection").dataset.state === "live";

/** How many pixels of a card's chart have about the colour of a CSS variable. */
const pixels = (page, sensor, variable) => page.evaluate(([sensor, variable]) => {
  const wanted = getComputedStyle(document.documentElement).getPropertyValue(variable).trim()
    .match(/[0-9a-f]{2}/gi).map((digits) => parseInt(digits, 16));
  let found = 0;
  for (const canvas of document.querySelectorAll(`[data-sensor="${CSS.escape(sensor)}"] canvas`)) {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4)
      found += data[i + 3] > 200 && wanted.every((value, j) => Math.abs(data[i + j] - value) < 12);
  }
  return found;
}, [sensor, variable]);

/** Sends readings over a WebSocket of the page's. */
const send = (page, readings) => page.evaluate((readings) => new Promise((resolve, reject) => {
  const socket = new WebSocket(`ws://${location.host}/readings`);
  socket.onerror = () => reject(new Error("cannot send"));
  socket.onopen = () => { socket.send(JSON.stringify(readings)); socket.close(); };
  socket.onclose = resolve;
}), readings);

async function checkNoHorizontalScroll(page) {
  const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(needed <= given, `the page needs ${needed} px of ${given}`);
}

// --- What is tested ------------------------------------------------------------------------------

const step = (what) => console.log(what);

async function test(browser, directory) {
  const database = join(directory, "traffic.db");
  const first = await startServer(database);
  const { address, port } = first;
  let { server } = first;
  let replay = startReplay(port, 7200);

  step("points arrive on every card, and anomalies are marked");
  const page = await open(browser, address);
  await until(page, isFilled, SENSORS);
  await until(page, () => [...document.querySelectorAll("[data-anomalies]")].some((c) => Number(c.dataset.anomalies) > 0));
  await until(page, () => document.querySelector('[data-sensor="travel_time_387"]').dataset.points === "600");
  let now = await cards(page);
  assert.equal(now.length, SENSORS);
  assert.ok(now.every(({ points }) => points <= 600), "a card keeps more than 600 points");
  const anomalous = now.find(({ anomalies }) => anomalies > 0).sensor;
  assert.ok(await pixels(page, anomalous, "--alarm") > 20, "no anomaly is drawn");
  for (const { sensor } of now) {
    assert.ok(await pixels(page, sensor, "--accent") > 50, `no line is drawn for ${sensor}`);
    assert.ok(await pixels(page, sensor, "--soft") > 20, `no mean of the last day is drawn for ${sensor}`);
  }
  assert.match(await page.locator('[data-sensor="speed_6005"] .last-day').textContent(), /^last 24 h \d/);
  assert.ok(await page.locator("#anomalies li").count() > 0);

  step("they go on arriving live, and the figures with them");
  const before = now.find(({ sensor }) => sensor === "speed_6005");
  await until(page, ({ sensor, points }) =>
    Number(document.querySelector(`[data-sensor="${sensor}"]`).dataset.points) >= points + 5, before);
  const figure = (id) => page.locator(`#${id}`).textContent();
  await until(page, () => Number(document.querySelector("#events-per-second").textContent) > 0);
  assert.match(await figure("windows-stored"), /^[1-9][0-9,]+$/);
  assert.equal(await figure("late-events"), "0");
  assert.match(await figure("watermark"), /Sept? 2015/);
  await page.screenshot({ path: join(screenshots, "desktop.png"), fullPage: true });

  step("the range and the dark scheme");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.getByText("3 days").click();
  await until(page, () => Number(document.querySelector('[data-sensor="travel_time_451"]').dataset.anomalies) < 10);
  assert.ok(await pixels(page, "speed_6005", "--accent") > 50, "no line is drawn in the dark");
  await page.screenshot({ path: join(screenshots, "desktop-dark.png"), fullPage: true });

  step("on a phone nothing is wider than the screen");
  const phone = await open(browser, address,
    { viewport: { width: 375, height: 812 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
  await until(phone, isFilled, SENSORS);
  await checkNoHorizontalScroll(phone);
  await phone.screenshot({ path: join(screenshots, "phone.png") });
  await phone.screenshot({ path: join(screenshots, "phone-whole.png"), fullPage: true });
  await phone.context().close();

  step("a server that is killed: the page says so, comes back by itself, and the past is there");
  await end(replay);
  now = await cards(page);
  isServerExpected = false;
  await end(server, "SIGKILL");
  await until(page, () => document.querySelector("#connection").dataset.state === "offline");
  loseTheNewestDays(database);
  ({ server } = await startServer(database, port));
  await until(page, () => document.querySelector("#connection").dataset.state === "live");
  isServerExpected = true;
  const fresh = await open(browser, address);  // knows only what is stored
  await until(fresh, isFilled, SENSORS);
  await until(fresh, (all) => all.every(({ sensor, points }) =>
    Number(document.querySelector(`[data-sensor="${sensor}"]`)?.dataset.points) >= points - 1), now);
  await until(fresh, () => [...document.querySelectorAll("[data-sensor] .last-day")].every((day) => day.textContent));
  await fresh.context().close();
  replay = startReplay(port, 7200);
  const latest = now.find(({ sensor }) => sensor === "speed_t4013").latest;
  await until(page, (latest) => document.querySelector('[data-sensor="speed_t4013"]').dataset.latest > latest, latest);
  assert.equal((await cards(page)).length, SENSORS);
  await end(replay);

  step("a sensor of somebody else's gets a card, whatever its name");
  const name = '<img src="x" onerror="window.injected = true">&amp;"\'';
  const at = (time, value, sensor = name) => ({ sensor, kind: "other", value, time: `2024-05-01T${time}:00Z` });
  await send(page, [at("00:10", 10), at("01:10", 20)]);
  await until(page, (name) => [...document.querySelectorAll("[data-sensor] .title")].some((t) => t.textContent === name), name);
  assert.equal(await page.evaluate(() => window.injected), undefined);
  assert.equal(await page.locator("[data-sensor] img").count(), 0);

  step("a correction replaces its point");
  const own = (sensor) => page.locator(`[data-sensor="${sensor}"]`);
  await send(page, [at("00:10", 10, "corrected"), at("01:10", 50, "corrected")]);
  await until(page, () => document.querySelector('[data-sensor="corrected"] .value strong')?.textContent === "10");
  await send(page, [at("00:20", 30, "corrected")]);
  await until(page, () => document.querySelector('[data-sensor="corrected"] .value strong').textContent === "20");
  assert.ok(await own("corrected").getAttribute("data-points") <= 2);
  await checkNoHorizontalScroll(page);

  step("without the chart library there is a notice, and there are numbers");
  const context = await browser.newContext();
  const bare = await context.newPage();
  await bare.route("**/dygraph.min.js", (route) => route.abort());
  await bare.goto(address);
  await until(bare, isFilled, SENSORS);
  assert.match(await bare.locator("#notice").textContent(), /libjs-dygraphs/);
  assert.match(await bare.locator('[data-sensor="speed_6005"] .value strong').textContent(), /^\d/);
  await context.close();

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
