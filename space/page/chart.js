// What every picture here stands on: round numbers along two axes, and scales that may run backwards.

import { digits, pretty } from "./board.js";
import { svg } from "./dom.js";

export const brief = (text) => (text.length > 24 ? `${text.slice(0, 23)}…` : text);

// `xs` and `ys` are all values to make room for; titles stand beside the axes.
export function makeFrame(hostWidth, { xs, ys, backX = false, backY = false, titleX, titleY, tickX }) {
  const width = Math.max(300, Math.min(1100, hostWidth));
  const height = Math.round(Math.max(320, Math.min(500, width * 0.55)));
  const frame = { width, height, left: 58, right: width - 18, top: 18, bottom: height - 54, titleX, titleY, tickX };
  frame.ticksX = ticks(xs, width < 500 ? 4 : 7);
  frame.ticksY = ticks(ys, 6);
  frame.x = scale(frame.ticksX, backX, frame.left, frame.right);
  frame.y = scale(frame.ticksY, backY, frame.bottom, frame.top);
  return frame;
}

export function picture(frame, label) {
  return svg("svg", { role: "img", "aria-labelledby": label,
    viewBox: `0 0 ${frame.width} ${frame.height}`, width: frame.width, height: frame.height });
}

// Round numbers around all values, with a little air.
function ticks(values, wanted) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - Math.abs(low || 1) * 0.1, high + Math.abs(high || 1) * 0.1];
  const air = (high - low) * 0.06;
  const raw = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw) ?? raw;
  const found = [];
  for (let at = Math.ceil((low - air) / step); at * step <= high + air && found.length < 20; at += 1) {
    found.push(at * step);
  }
  const places = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return { low: low - air, high: high + air, at: found, places };
}

function scale({ low, high }, backwards, start, end) {
  return (value) => {
    const share = (value - low) / (high - low);
    return start + (backwards ? 1 - share : share) * (end - start);
  };
}

export function axes(frame) {
  const { left, right, top, bottom, ticksX, ticksY } = frame;
  const parts = [];
  for (const value of ticksX.at) {
    const at = frame.x(value);
    parts.push(svg("line", { class: "rule", x1: at, x2: at, y1: top, y2: bottom }),
      svg("text", { class: "tick", x: at, y: bottom + 18, "text-anchor": "middle" }, frame.tickX?.(value) ?? pretty(digits(value, ticksX.places))));
  }
  for (const value of ticksY.at) {
    const at = frame.y(value);
    parts.push(svg("line", { class: "rule", x1: left, x2: right, y1: at, y2: at }),
      svg("text", { class: "tick", x: left - 8, y: at + 4, "text-anchor": "end" }, pretty(digits(value, ticksY.places))));
  }
  const middle = (top + bottom) / 2;
  parts.push(
    svg("text", { class: "axis", x: right, y: bottom + 40, "text-anchor": "end" }, frame.titleX),
    svg("text", { class: "axis", x: 14, y: middle, "text-anchor": "middle", transform: `rotate(-90 14 ${middle})` }, frame.titleY));
  return parts;
}
