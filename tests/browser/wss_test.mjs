// A real browser and a server over TLS: node wss_test.mjs TLS_SERVER [CHROMIUM]
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SKIPPED = 77;
const LONGEST_WAIT = 60_000;
const [program, chromium = "/usr/bin/chromium"] = process.argv.slice(2);

function skip(why) {
  console.log(`SKIPPED: ${why}`);
  process.exit(SKIPPED);
}
if (!existsSync(chromium)) skip(`no browser at ${chromium} (Debian: chromium)`);
if (spawnSync("openssl", ["version"]).status !== 0) skip("no openssl");
const { chromium: driver } = await import("playwright-core").catch(() =>
  skip("no playwright-core: run npm ci in tests/browser"));

const folder = await mkdtemp(join(tmpdir(), "millrace-wss-"));
const file = (name) => join(folder, name);

/** A certificate and its key, NAME.pem and NAME.key. */
function makeCertificate(name, subject, ...options) {
  execFileSync("openssl",
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
      "-subj", `/CN=${subject}`, "-keyout", file(`${name}.key`), "-out", file(`${name}.pem`), ...options],
    { stdio: "ignore" });
}

async function startServer() {
  makeCertificate("ca", "Authority");
  makeCertificate("server", "server", "-CA", file("ca.pem"), "-CAkey", file("ca.key"),
    "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE");
  await mkdir(file("pages"));
  await copyFile(fileURLToPath(new URL("wss.html", import.meta.url)), file("pages/wss.html"));
  const server = spawn(program, [file("server.pem"), file("server.key"), file("ca.pem"), file("pages")],
    { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(createInterface({ input: server.stdout }), "line");
  return { server, address: `https://localhost:${port}/wss.html` };
}

/** Has a browser of these options open a page. */
async function withPage(args, use) {
  const browser = await driver.launch({
    executablePath: chromium,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync", ...args],
  });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(LONGEST_WAIT);
    await use(page);
  } finally {
    await browser.close();
  }
}

const { server, address } = await startServer();
try {
  await withPage([], async (page) => {
    await assert.rejects(page.goto(address), /ERR_CERT_AUTHORITY_INVALID/);
  });
  console.log("without knowing the certificate the browser refuses the server");

  const { publicKey } = new X509Certificate(await readFile(file("server.pem")));
  const key = createHash("sha256").update(publicKey.export({ type: "spki", format: "der" })).digest("base64");
  await withPage([`--ignore-certificate-errors-spki-list=${key}`], async (page) => {
    const socket = page.waitForEvent("websocket");
    await page.goto(address);
    assert.equal((await socket).url(), address.replace("https:", "wss:").replace("wss.html", "echo"));
    await page.waitForFunction(() => document.title.startsWith("closed"));
    assert.equal(await page.locator("body").textContent(), "Hello, wörld");
    assert.equal(await page.title(), "closed 4000 true");
  });
  console.log("knowing it, the browser connects, gets its echo, and closes in good order");

  server.kill();
  assert.deepEqual(await once(server, "exit"), [0, null]);
} finally {
  server.kill("SIGKILL");
  await rm(folder, { recursive: true });
}
