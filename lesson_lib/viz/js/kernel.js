// Questions to the kernel: the numbers of a large tensor, the words of a step. Each is asked once.
import { listen } from "./listen.js";

export const PATIENCE = 5000; // milliseconds until an unanswered request counts as lost

/** {ask(key, question), asked}: a function that promises the kernel's answer, and the answers that are kept: the last `most` that were wanted. */
export function questions(model, signal, most = Infinity) {
  const waiting = new Map();
  const asked = new Map();
  const receive = (message) => {
    waiting.get(message.key)?.(message);
    waiting.delete(message.key);
  };
  listen(model, signal, { "msg:custom": receive });

  function put(key, question) {
    const answer = new Promise((resolve, reject) => {
      waiting.set(key, resolve);
      setTimeout(() => reject(new Error(key)), PATIENCE);
      model.send({ key, ...question });
    });
    answer.catch(() => asked.delete(key)); // a busy kernel may be asked again
    return answer;
  }
  function ask(key, question) {
    const answer = asked.get(key) ?? put(key, question);
    asked.delete(key);
    asked.set(key, answer); // behind all others
    if (asked.size > most) asked.delete(asked.keys().next().value);
    return answer;
  }
  return { ask, asked };
}

/** {window(id, which), steps(numbers), naive(), visit(number)}: functions that promise the kernel's answer; `renew(windows)` forgets all answers but these. */
export function kernel(model, signal) {
  const { ask, asked } = questions(model, signal);
  return {
    window: async (id, which) => (await ask(`${id}.${which}`, { type: "window", id, which })).window,
    steps: (numbers) => ask(`steps ${numbers}`, { type: "steps", numbers }),
    naive: async () => (await ask("naive", { type: "naive" })).plan,
    visit: (number) => ask(`visit ${number}`, { type: "visit", number }),
    renew(windows) {
      asked.clear();
      for (const [key, window] of Object.entries(windows)) asked.set(key, Promise.resolve({ window }));
    },
  };
}

/** Put the words and the arithmetic of a step where they belong; returns its number. */
export function tell(graph, { number, text, flows }) {
  Object.assign(graph.steps[number], { text, later: false });
  Object.assign(graph.flows, flows);
  return number;
}

/** The kernel's one layout engine, once it can draw. */
export async function engineOf(model, host) {
  const engine = await host.getWidget(model.get("engine"));
  await engine.exports.ready;
  return engine;
}
