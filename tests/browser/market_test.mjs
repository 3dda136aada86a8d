// The market example in a browser: the page has its past, goes on live, and shows the numbers that the
// server has, on a desk and on a phone.
//
// Usage: market_test.mjs PROGRAMS SCREENSHOTS [CHROMIUM]

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const SKIPPED = 77;
const SYMBOLS = 20;
const PAST = 250;  // seconds
const LONGEST_WAIT = 60_000;
const YEAR_OF_MINUTES = Math.sqrt(252 * 390);
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

/** A program and its first line. */
async function start(program, ...options) {
  const child = spawn(join(programs, program), options.map(String), { stdio: ["ignore", "pipe", "inherit"] });
  child.ended = new Promise((resolve) => child.once("exit", resolve));
  started.add(child);
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  return { child, line: value };
}

async function end(child, signal = "SIGTERM") {
  child.kill(signal);
  await child.ended;
  started.delete(child);
}

// --- The page ------------------------------------------------------------------------------------

const complaints = [];
let isServerExpected = true;

async function open(browser, address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
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

const isFilled = (count) =>
  document.querySelector("#connection").dataset.state === "live" &&
  Number(document.querySelector("#candles").dataset.bars) >= 4 &&
  document.querySelectorAll("#top li").length === 10 &&
  [...document.querySelectorAll("#watch tr")].filter((row) =>
    [...row.cells].slice(1).every((cell) => /\d/.test(cell.textContent))).length >= count;

/** How many pixels of a canvas have about the colour of a CSS variable. */
const pixels = (page, canvas, variable) => page.evaluate(([canvas, variable]) => {
  const wanted = getComputedStyle(document.documentElement).getPropertyValue(variable).trim()
    .match(/[0-9a-f]{2}/gi).map((digits) => parseInt(digits, 16));
  const { width, height } = document.querySelector(canvas);
  const { data } = document.querySelector(canvas).getContext("2d").getImageData(0, 0, width, height);
  let found = 0;
  for (let i = 0; i < data.length; i += 4)
    found += data[i + 3] > 200 && wanted.every((value, j) => Math.abs(data[i + j] - value) < 12);
  return found;
}, [canvas, variable]);

async function checkNoHorizontalScroll(page) {
  const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(needed <= given, `the page needs ${needed} px of ${given}`);
}

const texts = (page, selector) => page.$$eval(selector, (all) => all.map((each) => each.textContent));

// --- What the server has -------------------------------------------------------------------------

const whole = new Intl.NumberFormat("en");
const priceText = (price) => Number.isInteger(Math.round(price * 1e4) / 100) ? price.toFixed(2) : price.toFixed(3);

async function stored(address, topic, query) {
  const answer = await fetch(`${address}/api/topics/${topic}?${new URLSearchParams(query)}`);
  assert.equal(answer.status, 200);
  return answer.json();
}

/** Asks both until they say the same: what comes last may still be on its way. */
async function agree(what, shown, wanted) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const [got, expected] = [await shown(), await wanted()];
    try {
      assert.deepEqual(got, expected);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`${what}: ${error.message}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function checkTop(page, address) {
  const shown = () => page.$$eval("#top li", (all) => all.map(({ children: [, name, , shares] }) => [name.textContent, shares.textContent]).sort());
  await agree("the top ten", shown, async () => {
    const rows = await stored(address, "top", { limit: 10_000 });
    const newest = rows.map(({ end }) => end).sort().at(-1);
    return rows.filter(({ end }) => end === newest).map(({ symbol, volume }) => [symbol, whole.format(volume)]).sort();
  });
}

async function checkWatchlist(page, address) {
  const shown = () => page.$$eval("#watch tr", (rows) => rows.map(({ cells: [name, , , spread, volatility] }) =>
    [name.textContent, spread.textContent, volatility.textContent]));
  await agree("the watchlist", shown, async () => {
    const rows = [];
    for (const name of (await texts(page, "#watch button"))) {
      const [spread] = await stored(address, "spreads", { key: name, limit: 1 });
      const [volatility] = await stored(address, "volatility", { key: name, limit: 1 });
      rows.push([name, spread.spread.toFixed(1), `${(volatility.volatility * YEAR_OF_MINUTES * 100).toFixed(0)}%`]);
    }
    return rows;
  });
}

/** The bars of a topic: how many there are, and what the page says of some when the pointer is there. */
async function checkBars(page, address, topic) {
  const key = await page.locator("#symbol").inputValue();
  const bars = () => stored(address, topic, { key, limit: 900 });
  await agree(`how many ${topic}`, async () => Number(await page.locator("#candles").getAttribute("data-bars")),
    async () => (await bars()).length);
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "America/New_York", timeStyle: "medium" });
  const box = await page.locator("#candles").boundingBox();
  const checked = new Set();
  for (const part of [0.1, 0.3, 0.5, 0.7]) {
    await page.mouse.move(box.x + box.width * part, box.y + 20);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 250)));  // drawn ten times a second
    const [time] = await texts(page, "#legend b");
    const barThen = async () => (await bars()).find(({ start }) => clock.format(Date.parse(start)) === time);
    if (!await barThen()) continue;  // a minute that is still open
    await agree(`${topic} at ${time}`, () => texts(page, "#legend b"), async () => {
      const bar = await barThen();
      return [time, ...[bar.open, bar.high, bar.low, bar.close].map(priceText), bar.vwap.toFixed(3),
        whole.format(bar.volume), whole.format(bar.trades)];
    });
    checked.add(time);
  }
  assert.ok(checked.size > 0, "no bar looked at");
}

/** Posts events from the page. */
const post = (page, path, events) => page.evaluate(async ([path, events]) => {
  const answer = await fetch(path, { method: "POST", body: JSON.stringify(events) });
  return (await answer.json()).accepted;
}, [path, events]);

// --- What is tested ------------------------------------------------------------------------------

const step = (what) => console.log(what);

async function test(browser, directory) {
  const database = join(directory, "market.db");
  let { child: server, line: address } = await start("market_server", 0, database);
  assert.match(address, /^http:\/\/localhost:\d+$/);
  const port = address.split(":").at(-1);
  const { child: feed, line } = await start("market_feed", port, PAST);
  assert.equal(line, "live");

  step("candles, tables and figures are there, and go on live");
  const page = await open(browser, address);
  await until(page, isFilled, SYMBOLS);
  await until(page, () => document.querySelectorAll("#tape tr").length >= 5);
  await until(page, () => Number(document.querySelector("#trade-rate").textContent) > 0 &&
    Number(document.querySelector("#quote-rate").textContent) > 0);
  assert.match(await page.locator("#date").textContent(), /5 Jan 2026/);
  assert.match(await page.locator("#bid").textContent(), /^\d+\.\d\d$/);
  for (const [canvas, variable] of [["#candles", "--up"], ["#candles", "--down"], ["#candles", "--gold"],
    ["#volatility", "--gold"], ["#spread", "--blue"]])
    assert.ok(await pixels(page, canvas, variable) > 50, `${canvas} has nothing in ${variable}`);
  await page.screenshot({ path: join(screenshots, "desk.png") });
  await checkNoHorizontalScroll(page);

  step("on a phone nothing is wider than the screen");
  const phone = await open(browser, address,
    { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
  await until(phone, isFilled, SYMBOLS);
  await until(phone, () => document.querySelectorAll("#tape tr").length >= 2);
  await checkNoHorizontalScroll(phone);
  await phone.screenshot({ path: join(screenshots, "phone.png") });
  await phone.screenshot({ path: join(screenshots, "phone-whole.png"), fullPage: true });
  await phone.context().close();

  step("what it shows is what the server has");
  await end(feed);
  await checkTop(page, address);
  await checkWatchlist(page, address);
  await checkBars(page, address, "minutes");
  await page.getByText("1 s", { exact: true }).click();
  await checkBars(page, address, "seconds");
  await page.screenshot({ path: join(screenshots, "desk-seconds.png") });
  const other = (await texts(page, "#watch button")).at(-1);
  await page.locator("#watch").getByText(other).click();
  await checkBars(page, address, "seconds");
  await page.getByText("1 min", { exact: true }).click();

  step("a symbol of somebody else's, whatever its name, with its quote and trades");
  const symbol = '<img src="x" onerror="window.injected = true">';
  const newest = (await stored(address, "seconds", { limit: 1 }))[0].end;
  const at = (seconds) => new Date(Date.parse(newest) + seconds * 1000).toISOString();
  assert.equal(await post(page, "quotes", [{ symbol, bid: 10, bid_size: 300, ask: 10.1, ask_size: 100, time: at(5) },
    { symbol, bid: 10, bid_size: 900, ask: 10.1, ask_size: 300, time: at(10) }]), 2);
  assert.equal(await post(page, "trades", [{ symbol, price: 10.1, size: 700, time: at(5.5) },
    { symbol, price: 10, size: 100, time: at(10) }]), 2);
  await until(page, (symbol) => [...document.querySelectorAll("#watch button")].some((b) => b.textContent === symbol), symbol);
  await page.locator("#symbol").selectOption(symbol);
  await until(page, () => document.querySelectorAll("#tape tr").length === 1);
  assert.deepEqual((await texts(page, "#tape td")).slice(1), ["10.10", "700", "10.00 × 10.10", "99.5"]);
  assert.deepEqual([...await texts(page, ".side strong"), ...await texts(page, ".side i")], ["10.00", "10.10", "900", "300"]);
  assert.equal(await page.evaluate(() => window.injected), undefined);
  assert.equal(await page.locator("img").count(), 0);

  step("a trade that is reported late corrects its bar, and one that is too late is counted");
  const figure = async (id) => Number(await page.locator(`#${id}`).textContent());
  const before = { corrections: await figure("corrections"), late: await figure("late") };
  assert.equal(await post(page, "trades", [{ symbol, price: 11, size: 100, time: at(8.2) },
    { symbol, price: 11, size: 100, time: at(-60) }]), 2);
  await until(page, ({ corrections, late }) =>
    Number(document.querySelector("#corrections").textContent) > corrections &&
    Number(document.querySelector("#late").textContent) === late + 1, before);

  step("a server that is killed: the page says so, comes back by itself, and the minutes are there");
  const kept = await stored(address, "minutes", { key: other, limit: 900 });
  isServerExpected = false;
  await end(server, "SIGKILL");
  await until(page, () => document.querySelector("#connection").dataset.state === "offline");
  ({ child: server } = await start("market_server", port, database));
  await until(page, () => document.querySelector("#connection").dataset.state === "live");
  isServerExpected = true;
  const after = await stored(address, "minutes", { key: other, limit: 900 });
  assert.ok(after.length >= kept.length - 1 && after.length >= 3);

  assert.deepEqual(complaints, [], "the browser's console");
  await page.context().close();
  await end(server);
}

await mkdir(screenshots, { recursive: true });
const directory = await mkdtemp(join(tmpdir(), "millrace-market-"));
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
