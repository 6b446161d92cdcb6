// Opens a file of the visitor's and downloads what the kernel has, with the browser's own means.
function render({ model, el }) {
  const make = (name, properties, ...children) => {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  };
  const text = make("p", {});
  const input = make("input", { type: "file", hidden: true, tabIndex: -1 });
  const open = make("button", { type: "button", className: "dr-button" });
  const download = make("button", { type: "button", className: "dr-button" });
  const said = make("p", { className: "dr-exchange-said" });
  said.setAttribute("role", "status");
  const row = make("div", { className: "dr-buttons dr-exchange-row" }, open, download, input);

  const title = model.get("title");
  const summary = make("summary", { textContent: title });
  const whole = title
    ? make("details", { className: "dr-fold" }, summary, text, row, said)
    : make("div", {}, row, said);
  el.classList.add("dr-exchange");
  el.append(whole);

  const show = () => {
    text.textContent = model.get("text");
    open.textContent = model.get("open_label");
    download.textContent = model.get("download_label");
    download.disabled = !model.get("downloadable");
    input.accept = model.get("accept");
    said.textContent = model.get("said");
  };

  open.addEventListener("click", () => input.click());
  input.addEventListener("change", async () => {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    const most = model.get("max_bytes");
    if (file.size > most) {
      said.textContent = `${file.name} is larger than the ${(most / 1e6).toLocaleString("en")} MB that fit here.`;
      return;
    }
    try {
      const content = await file.arrayBuffer();
      model.send({ event: "open", name: file.name }, undefined, [content]);
    } catch {
      said.textContent = `${file.name} could not be read.`;
    }
  });

  let ticket = null;
  download.addEventListener("click", () => {
    ticket = `${Date.now()}-${Math.random()}`;
    model.send({ event: "download", ticket });
  });
  const hear = (content, buffers) => {
    if (content?.do !== "save" || content.ticket !== ticket) return;
    ticket = null;
    const url = URL.createObjectURL(new Blob([buffers[0]], { type: "application/octet-stream" }));
    make("a", { href: url, download: model.get("filename") }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };

  model.on("change", show);
  model.on("msg:custom", hear);
  show();
  return () => {
    model.off("change", show);
    model.off("msg:custom", hear);
  };
}

export default { render };
