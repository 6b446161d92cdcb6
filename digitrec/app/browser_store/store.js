// One database of this site in the visitor's browser: the model, and the visitor's digits.
// Every request opens it and closes it again, so that no tab stands in another's way.
const DATABASE = "digitrec";
const KINDS = ["model", "digits"];

function open(version) {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, version);
    asked.onupgradeneeded = () => {
      for (const kind of KINDS) {
        if (!asked.result.objectStoreNames.contains(kind)) asked.result.createObjectStore(kind);
      }
    };
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error("another tab holds the database"));
    asked.onsuccess = () => {
      const database = asked.result;
      database.onversionchange = () => database.close();
      if (KINDS.every((kind) => database.objectStoreNames.contains(kind))) {
        resolve(database);
      } else {
        const next = database.version + 1;
        database.close();
        open(next).then(resolve, reject);
      }
    };
  });
}

// All or nothing: what `act` asks for is one transaction.
async function transact(mode, act) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(KINDS, mode);
      let result;
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = () => reject(transaction.error ?? new Error("it was given up"));
      act((kind) => transaction.objectStore(kind), (value) => { result = value; });
    });
  } finally {
    database.close();
  }
}

async function look(limits) {
  const stored = await transact("readonly", (store, done) => {
    const found = { model: undefined, keys: [], values: [], more: 0 };
    done(found);
    store("model").get("model").onsuccess = ({ target }) => { found.model = target.result; };
    // Both in the order of the keys, so they belong together pair by pair.
    store("digits").getAllKeys(null, limits.digits).onsuccess = ({ target }) => { found.keys = target.result; };
    store("digits").getAll(null, limits.digits).onsuccess = ({ target }) => { found.values = target.result; };
    store("digits").count().onsuccess = ({ target }) => { found.more = Math.max(0, target.result - limits.digits); };
  });
  const digits = [];
  let damaged = stored.more;
  let room = limits.together;
  stored.keys.forEach((key, place) => {
    const text = stored.values[place];
    if (typeof key === "string" && typeof text === "string" && text.length <= Math.min(limits.digit, room)) {
      digits.push([key, text]);
      room -= text.length;
    } else {
      damaged += 1;
    }
  });
  let model = null;
  const buffers = [];
  if (stored.model !== undefined) {
    const { bytes, day, how } = stored.model ?? {};
    if (bytes instanceof ArrayBuffer && bytes.byteLength <= limits.model
        && typeof day === "string" && day.length < 20 && typeof how === "string" && how.length < 20) {
      model = { day, how };
      buffers.push(bytes);
    } else {
      model = "damaged";
    }
  }
  return [{ event: "found", model, digits, damaged }, buffers];
}

function change(changes, buffers) {
  return transact("readwrite", (store) => {
    for (const { kind, key, text, buffer, day, how } of changes) {
      if (key === null) {
        store(kind).clear();
      } else if (text !== undefined) {
        store(kind).put(text, key);
      } else if (buffer !== undefined) {
        const { buffer: whole, byteOffset, byteLength } = buffers[buffer];
        store(kind).put({ bytes: whole.slice(byteOffset, byteOffset + byteLength), day, how }, key);
      } else {
        store(kind).delete(key);
      }
    }
  });
}

// One thing after the other, in the order in which the kernel asked.
let last = Promise.resolve();
function inTurn(act) {
  last = last.then(act, act);
  return last;
}

function send(model, content, buffers) {
  try {
    model.send(content, undefined, buffers);
  } catch (error) {
    // The page was left or reloaded meanwhile: its kernel is gone, and the next one asks anew.
    console.info("No kernel to tell:", String(error));
  }
}

function tell(model) {
  return inTurn(async () => {
    try {
      send(model, ...(await look(model.get("limits"))));
    } catch (error) {
      // Some browsers store nothing in a private window. Then there is nothing to tell.
      console.info("Nothing is stored in this browser:", String(error));
      send(model, { event: "found", model: null, digits: [], damaged: 0 });
    }
  });
}

function initialize({ model }) {
  model.on("msg:custom", (content, buffers) => {
    if (content?.do === "tell") tell(model);
    if (content?.do !== "change") return;
    const { number, changes } = content;
    inTurn(async () => {
      try {
        await change(changes, buffers);
        send(model, { event: "changed", number });
      } catch (error) {
        console.info("This browser could not store it:", String(error));
        send(model, { event: "failed", number });
      }
    });
  });
}

export default { initialize };
