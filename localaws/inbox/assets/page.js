// Shows the messages, the newest first, and asks for new ones; what is on the page already stays untouched.

import { element, safeUrl, textObject, unescaped } from "./mrkdwn.js";

const EVERY_MS = 1000;
const list = document.getElementById("list");
const state = document.getElementById("state");
const clear = document.getElementById("clear");
const shown = new Map();
let tag = "";
let first = true;
let show = "all";

const BLOCKS = {
  header: (block) => element("div", { class: "block header" }, unescaped(block.text.text)),
  divider: () => element("hr"),
  section: (block) => {
    const column = element("div");
    if (block.text) column.append(textObject(block.text));
    if (block.fields) column.append(element("div", { class: "fields" }, ...block.fields.map(textObject)));
    const section = element("div", { class: "block section" }, column);
    if (block.accessory) section.append(interactive(block.accessory));
    return section;
  },
  context: (block) =>
    element("div", { class: "block context" }, ...block.elements.map((e) => (e.type === "image" ? picture(e) : textObject(e)))),
  actions: (block) => element("div", { class: "block actions" }, ...block.elements.map(interactive)),
  image: (block) => element("div", { class: "block" }, picture(block)),
};

function interactive(item) {
  if (item.type === "image") return picture(item);
  const style = `button ${["primary", "danger"].includes(item.style) ? item.style : ""}`;
  const url = item.url && safeUrl(item.url);
  if (url) return element("a", { class: style, href: url, target: "_blank", rel: "noreferrer noopener" }, unescaped(item.text.text));
  return element("span", { class: style }, unescaped(item.text.text));
}

// Pictures from elsewhere are named, not loaded: the page reaches nothing but this machine.
const picture = (item) => element("span", {}, `[image: ${item.alt_text}]`);

function slackBody(message) {
  if (!message.blocks.length) return [textObject({ type: "mrkdwn", text: message.text })];
  return message.blocks.map((block) => BLOCKS[block.type](block));
}

// As mail programs do it: an address in the text can be clicked.
function emailBody(message) {
  const parts = message.text.split(/(https?:\/\/[^\s<>"]+)/);
  return element("pre", {}, ...parts.map((part, index) => (index % 2 ? link(part) : part)));
}

const link = (url) => element("a", { href: url, target: "_blank", rel: "noreferrer noopener" }, url);

function card(message) {
  const when = new Date(message.received_at);
  const top = element(
    "div",
    { class: "top" },
    element("span", { class: "kind" }, message.channel === "email" ? "E-mail" : "Slack"),
    element("span", { class: "to" }, `to ${message.to}`),
    element("time", { datetime: message.received_at, title: message.received_at }, when.toLocaleTimeString()),
  );
  if (message.channel === "email") top.append(element("h2", {}, message.subject));
  const body = element("div", { class: "body" });
  if (message.channel === "email") body.append(emailBody(message));
  else body.append(...slackBody(message));
  const attributes = Object.entries(message.attributes).map(([name, value]) => element("span", {}, `${name}: ${value}`));
  if (attributes.length) body.append(element("div", { class: "attributes" }, ...attributes));
  return element("article", { class: `${message.channel}${first ? "" : " new"}`, id: message.id }, top, body);
}

function draw(messages) {
  const wanted = new Set(messages.map((message) => message.id));
  for (const [id, article] of shown) {
    if (!wanted.has(id)) { article.remove(); shown.delete(id); }
  }
  for (const message of messages) {
    if (shown.has(message.id)) continue;
    const article = card(message);
    shown.set(message.id, article);
    list.prepend(article);
  }
  first = false;
  filter();
}

function filter() {
  let visible = 0;
  for (const article of shown.values()) {
    article.hidden = show !== "all" && !article.classList.contains(show);
    visible += article.hidden ? 0 : 1;
  }
  document.getElementById("empty").hidden = shown.size > 0;
  document.getElementById("none").hidden = !(shown.size && !visible);
  clear.hidden = !shown.size;
  document.title = shown.size ? `Inbox (${shown.size})` : "Inbox";
  state.textContent = shown.size === 1 ? "1 message" : `${shown.size} messages`;
}

async function refresh() {
  try {
    const answer = await fetch("messages", { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
    if (answer.status === 200) {
      tag = answer.headers.get("etag");
      draw(await answer.json());
    } else if (answer.status === 304) {
      filter();
    }
  } catch {
    state.textContent = "AWS on this machine does not answer; trying again…";
  }
  setTimeout(refresh, EVERY_MS);
}

for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => {
    show = button.dataset.show;
    for (const other of document.querySelectorAll("[data-show]")) other.setAttribute("aria-pressed", String(other === button));
    filter();
  });
}
clear.addEventListener("click", async () => {
  await fetch("messages", { method: "DELETE" });
});
document.getElementById("webhook").textContent = new URL("slack", location).href;
refresh();
