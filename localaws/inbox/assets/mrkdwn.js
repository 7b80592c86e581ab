// Slack's mrkdwn as DOM nodes. Text only ever becomes text nodes, so a message cannot bring markup along.
// https://docs.slack.dev/messaging/formatting-message-text

const INLINE = new RegExp(
  [
    "```(?<block>[\\s\\S]+?)```",
    "`(?<code>[^`\\n]+)`",
    "<(?<link>[^<>\\n]+)>",
    "(?<![\\w*])\\*(?<bold>[^*\\n]+)\\*(?![\\w*])",
    "(?<![\\w_])_(?<italic>[^_\\n]+)_(?![\\w_])",
    "(?<![\\w~])~(?<strike>[^~\\n]+)~(?![\\w~])",
    "(?<![\\w:]):(?<emoji>[a-z0-9_+-]+):(?![\\w:])",
  ].join("|"),
  "g",
);

const EMOJI = {
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", rotating_light: "🚨", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", information_source: "ℹ️", red_circle: "🔴", large_green_circle: "🟢",
  large_yellow_circle: "🟡", large_blue_circle: "🔵", no_entry: "⛔", stopwatch: "⏱️", chart_with_upwards_trend: "📈",
  moneybag: "💰", inbox_tray: "📥", arrow_forward: "▶️", package: "📦", rocket: "🚀", tada: "🎉", bell: "🔔", fire: "🔥", octagonal_sign: "🛑",
};

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A text object of Block Kit. */
export function textObject(object) {
  const holder = element("div", { class: "text" });
  holder.append(...(object.type === "mrkdwn" ? lines(object.text) : [unescaped(object.text)]));
  return holder;
}

/** Only web and mail addresses become links. */
export function safeUrl(address) {
  return /^(https?:\/\/|mailto:)/i.test(address) ? address : null;
}

function lines(text) {
  const nodes = [];
  for (const part of text.split(/^((?:&gt;|>) ?.*(?:\n(?:&gt;|>) ?.*)*)\n?/m)) {
    if (/^(&gt;|>)/.test(part)) {
      nodes.push(element("blockquote", {}, ...inline(part.replace(/^(&gt;|>) ?/gm, ""))));
    } else if (part) {
      nodes.push(...inline(part));
    }
  }
  return nodes;
}

function inline(text) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(unescaped(text.slice(at, match.index)));
    at = match.index + match[0].length;
    const { block, code, link, bold, italic, strike, emoji } = match.groups;
    if (block) nodes.push(element("pre", {}, unescaped(block.replace(/^\n/, ""))));
    else if (code) nodes.push(element("code", {}, unescaped(code)));
    else if (link) nodes.push(reference(link));
    else if (bold) nodes.push(element("strong", {}, ...inline(bold)));
    else if (italic) nodes.push(element("em", {}, ...inline(italic)));
    else if (strike) nodes.push(element("s", {}, ...inline(strike)));
    else nodes.push(Object.hasOwn(EMOJI, emoji) ? EMOJI[emoji] : match[0]);
  }
  nodes.push(unescaped(text.slice(at)));
  return nodes;
}

function reference(link) {
  const [address, ...label] = link.split("|");
  const shown = unescaped(label.join("|") || address.replace(/^mailto:/, ""));
  const url = safeUrl(unescaped(address));
  if (url) return element("a", { href: url, target: "_blank", rel: "noreferrer noopener" }, shown);
  if (address === "!here" || address === "!channel" || address === "!everyone") return element("strong", {}, `@${address.slice(1)}`);
  return shown;
}

/** Slack's three escapes, and no others; it decodes them in plain text as well. */
export function unescaped(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
