"use strict";

const DIALECTS = { openmeter: "OpenMeter", revenuecat: "RevenueCat", profitwell: "ProfitWell", probe: "Probe" };
const METHODS = ["get", "post", "put", "patch", "delete"];
const place = (id) => document.getElementById(id);

/** An element with a text or children; texts are never read as HTML. */
function make(name, content, attributes = {}) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  element.append(...[content].flat().filter((part) => part !== undefined && part !== null));
  return element;
}

const table = (heads, rows) =>
  rows.length === 0
    ? make("p", "Nothing.", { class: "soft" })
    : make("table", [
        make("thead", make("tr", heads.map((head) => make("th", head)))),
        make("tbody", rows.map((cells) => make("tr", cells.map((cell) => make("td", cell))))),
      ]);

/** The gRPC contract: one entry per call and per message, with links between them. */
async function contract() {
  const protos = await load("protos.json");
  const entries = [];
  for (const service of protos.services) {
    for (const method of service.methods) {
      entries.push({ id: `${service.name}/${method.name}`, group: service.name, title: method.name, show: () => call(service, method) });
    }
  }
  for (const type of protos.types) {
    entries.push({ id: type.name, group: "Messages and enums", title: type.name.replace("perennial.", ""), show: () => described(type) });
  }
  return entries;
}

const typeLink = (name) => (name.startsWith("perennial.") ? make("a", name.replace("perennial.", ""), { href: `#grpc:${name}` }) : name);

function call(service, method) {
  return [
    make("h2", `${service.name}/${method.name}`),
    make("p", method.comment),
    make("p", [make("strong", "Request "), method.client_streaming ? "a stream of " : "", typeLink(method.input)]),
    make("p", [make("strong", "Answer "), method.server_streaming ? "a stream of " : "", typeLink(method.output)]),
    make("p", method.reads ? "Reads only." : "Changes something.", { class: "soft" }),
    make("h3", service.name),
    make("p", service.comment),
  ];
}

function described(type) {
  const rows = type.fields
    ? type.fields.map((field) => [field.name, String(field.number), make("span", [field.label, typeLink(field.type)]), field.comment])
    : type.values.map((value) => [value.name, String(value.number), value.comment]);
  const heads = type.fields ? ["Field", "Number", "Type", ""] : ["Value", "Number", ""];
  return [make("h2", type.name), make("p", type.comment), table(heads, rows)];
}

/** A dialect: one entry per operation. */
async function dialect(name) {
  const openapi = await load(`/openapi/${name}.json`);
  const entries = [];
  for (const [path, item] of Object.entries(openapi.paths)) {
    for (const method of METHODS.filter((candidate) => item[candidate])) {
      const operation = item[method];
      const title = `${method.toUpperCase()} ${path}`;
      entries.push({ id: title, group: operation.tags?.[0] ?? "Operations", title, show: () => shown(openapi, title, item, operation) });
    }
  }
  return entries;
}

function shown(openapi, title, item, operation) {
  const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((parameter) => resolved(openapi, parameter));
  const bodies = Object.entries(operation.requestBody?.content ?? {});
  const statuses = Object.entries(operation.responses ?? {}).map(([status, answer]) => [status, resolved(openapi, answer)]);
  return [
    make("h2", title),
    make("p", operation.summary ?? ""),
    make("p", operation.description ?? ""),
    make("h3", "Parameters"),
    table(["Name", "In", "Type", ""], parameters.map((parameter) => [
      parameter.name, parameter.in + (parameter.required ? ", required" : ""), kind(openapi, parameter.schema), parameter.description ?? "",
    ])),
    ...bodies.flatMap(([media, body]) => [make("h3", `Body: ${media}`), fields(openapi, body.schema)]),
    make("h3", "Answers"),
    ...statuses.flatMap(([status, answer]) => [
      make("p", [make("strong", status), " ", answer.description ?? ""]),
      ...Object.values(answer.content ?? {}).filter((body) => status.startsWith("2") && body.schema).slice(0, 1).map((body) => fields(openapi, body.schema)),
    ]),
  ];
}

function resolved(openapi, value) {
  let found = value;
  for (let step = 0; found?.$ref && step < 20; step += 1) {
    found = found.$ref.slice(2).split("/").reduce((inner, key) => inner?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], openapi);
  }
  return found ?? {};
}

function kind(openapi, schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  const alternatives = schema.oneOf ?? schema.anyOf ?? schema.allOf;
  if (alternatives) return alternatives.map((one) => kind(openapi, one)).join(schema.allOf ? " and " : " or ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(", ");
  const type = [schema.type].flat().filter(Boolean).join(" or ");
  return schema.items ? `list of ${kind(openapi, schema.items)}` : type + (schema.format ? ` (${schema.format})` : "");
}

function fields(openapi, schema) {
  const known = resolved(openapi, schema);
  const parts = [known, ...(known.allOf ?? []).map((part) => resolved(openapi, part))];
  const rows = parts.flatMap((part) =>
    Object.entries(part.properties ?? {}).map(([name, property]) => [
      name + (part.required?.includes(name) ? "" : "?"), kind(openapi, property), resolved(openapi, property).description ?? "",
    ]));
  return rows.length === 0 ? make("p", make("code", kind(openapi, schema))) : table(["Field", "Type", ""], rows);
}

/** What a call looks like in a terminal, and what of its answer matters. */
function sampled(name, id) {
  return samples.filter((one) => one.document === name && one.entry === id).flatMap((one) => [
    make("h3", "Example"),
    make("pre", one.document === "grpc" ? grpcurl(one) : curl(one)),
    ...(one.status ? [make("p", make("strong", String(one.status)))] : []),
    ...(one.answer ? [make("pre", JSON.stringify(one.answer, null, 2))] : []),
  ]);
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const key = (one) => quoted(`Authorization: ${one.authorization ?? "Bearer KEY"}`);
const body = (one) => (one.request ? ["-d", quoted(JSON.stringify(one.request, null, 2))] : []);

function grpcurl(one) {
  const plain = server.grpc.tls ? [] : ["-plaintext"];
  return ["grpcurl", ...plain, "-H", key(one), ...body(one), `${location.hostname}:${server.grpc.port}`, one.entry].join(" ");
}

function curl(one) {
  const type = one.request ? ["-H", quoted(`Content-Type: ${one.type ?? "application/json"}`)] : [];
  return ["curl -X", one.entry.split(" ")[0], "-H", key(one), ...type, ...body(one), quoted(location.origin + one.path)].join(" ");
}

async function load(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

const documents = new Map();
let entries = [];
let samples;
/** Where this server speaks gRPC. */
let server;

/** Follows the address: `#document:entry`. */
async function follow() {
  const [name, ...rest] = decodeURIComponent(location.hash.slice(1) || "openmeter").split(":");
  const wanted = rest.join(":");
  try {
    samples ??= await load("examples.json");
    server ??= await load("server.json");
    if (!documents.has(name)) documents.set(name, name === "grpc" ? await contract() : await dialect(name));
  } catch (error) {
    place("detail").replaceChildren(make("p", String(error)));
    return;
  }
  entries = documents.get(name);
  const chosen = entries.find((entry) => entry.id === wanted) ?? entries[0];
  for (const button of place("documents").children) {
    button.setAttribute("aria-selected", String(button.dataset.document === name));
  }
  list(name, chosen);
  place("detail").replaceChildren(...(chosen ? [...chosen.show(), ...sampled(name, chosen.id)] : [make("p", "This document has no operations.")]));
  place("detail").scrollTop = 0;
}

function list(name, chosen) {
  const search = place("search").value.toLowerCase();
  const items = [];
  let group;
  for (const entry of entries.filter((candidate) => candidate.id.toLowerCase().includes(search))) {
    if (entry.group !== group) {
      group = entry.group;
      items.push(make("li", group, { class: "group" }));
    }
    const link = make("a", entry.title, { href: `#${name}:${encodeURIComponent(entry.id)}` });
    if (entry === chosen) link.setAttribute("aria-current", "true");
    items.push(make("li", link));
  }
  place("entries").replaceChildren(...items);
}

for (const [name, title] of [...Object.entries(DIALECTS), ["grpc", "gRPC"]]) {
  const button = make("button", title, { role: "tab", "data-document": name });
  button.addEventListener("click", () => { location.hash = name; });
  place("documents").append(button);
}
place("search").addEventListener("input", follow);
addEventListener("hashchange", follow);
follow();
