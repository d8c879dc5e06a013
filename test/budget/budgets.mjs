/** What is held against what: the counts of a run, and the budgets recorded in hot-path.json. Pure. */

/** How much more or less than its budget a count may be. */
export const TOLERANCE = 0.03;

export const RECORD_COMMAND = 'npm run budget -- --record';
export const PROFILE_COMMAND = 'npm run budget -- --profile';

/** A count's name and its unit, all per request and its reply, both ends together. */
const COUNTS = [
  ['addon', 'instructions', ({ counts }) => counts.addonInstructions],
  ['JavaScript and Node', 'instructions', ({ counts }) => counts.otherInstructions],
  ['system calls', 'calls', ({ counts }) => counts.systemCalls],
  ['between addon and Node', 'calls', ({ counts }) => counts.crossings],
  ['allocations in the addon', 'calls', ({ counts }) => counts.allocations],
  ['JavaScript heap', 'bytes', ({ heapBytes }) => heapBytes],
  ['wake-ups', 'wake-ups', ({ wakeUps }) => wakeUps],
];

/**
 * @param {readonly import('./budgets.d.mts').CountedPhase[]} phases
 * @returns {import('./budgets.d.mts').Count[]}
 */
export function countsPerMessage(phases) {
  return phases.flatMap((phase) =>
    COUNTS.map(([what, unit, of]) => ({
      name: `${phase.name}: ${what}`,
      unit: `${unit} per message`,
      value: rounded(of(phase) / phase.messages),
    })),
  );
}

/** Four digits after what is below 10 say enough for a count far below one. */
function rounded(value) {
  return Number(value.toFixed(value < 10 ? 4 : 1));
}

/**
 * Counts above, below and without their budgets, and budgets that nothing was counted for. A budget with `isLimit` is
 * only not to be exceeded: it is of a count that varies from run to run.
 *
 * @param {readonly import('./budgets.d.mts').Count[]} counts
 * @param {readonly import('./budgets.d.mts').Budget[]} budgets
 * @returns {import('./budgets.d.mts').Comparison}
 */
export function compare(counts, budgets) {
  const above = [];
  const below = [];
  const unknown = [];
  const byName = new Map(budgets.map((budget) => [budget.name, budget]));
  for (const count of counts) {
    const budget = byName.get(count.name);
    byName.delete(count.name);
    if (budget === undefined) {
      unknown.push(count);
      continue;
    }
    const compared = { ...count, budget: budget.budget, change: changeOf(count.value, budget.budget) };
    if (budget.isLimit === true) {
      if (count.value > budget.budget) above.push(compared);
    } else if (compared.change > TOLERANCE) above.push(compared);
    else if (compared.change < -TOLERANCE) below.push(compared);
  }
  return { above, below, unknown, missing: [...byName.values()] };
}

function changeOf(value, budget) {
  if (value === budget) return 0;
  return budget === 0 ? Number.POSITIVE_INFINITY : value / budget - 1;
}

/** Why the counts of this machine say nothing about the budgets: what differs, one sentence each. */
export function differences(recorded, here) {
  return Object.keys({ ...recorded, ...here })
    .filter((key) => recorded[key] !== here[key])
    .map((key) => `${key}: recorded with ${recorded[key] ?? 'none'}, here ${here[key] ?? 'none'}`);
}

/**
 * What to tell, and whether the check has failed. Less than the budget is no failure, but is to be recorded: else the
 * next change could spend it unseen.
 *
 * @param {import('./budgets.d.mts').Comparison} comparison
 * @returns {import('./budgets.d.mts').Verdict}
 */
export function verdict({ above, below, unknown, missing }) {
  const lines = [];
  const percent = `${TOLERANCE * 100} %`;
  if (above.length > 0) {
    lines.push(
      `The hot path has become more expensive: ${above.length} counts exceed their budgets by more than ${percent}.`,
      ...above.map(changed),
      `What it is spent on: ${PROFILE_COMMAND}. Before the change: the same on the commit before.`,
      'Make it cheaper again; or, if it buys something that is worth it, record the new budgets with',
      `  ${RECORD_COMMAND}`,
      'and commit test/budget/hot-path.json with the change, saying what is bought.',
    );
  }
  if (below.length > 0) {
    lines.push(
      `The hot path has become cheaper: ${below.length} counts are more than ${percent} below their budgets.`,
      ...below.map(changed),
      'Keep it: record the new budgets, and commit test/budget/hot-path.json with the change:',
      `  ${RECORD_COMMAND}`,
    );
  }
  for (const [items, what] of [
    [unknown, 'without a budget'],
    [missing, 'with a budget but not counted any more'],
  ]) {
    if (items.length > 0)
      lines.push(`${what}: ${items.map(({ name }) => name).join('; ')}: ${RECORD_COMMAND}`);
  }
  return { hasFailed: above.length + unknown.length + missing.length > 0, lines };
}

function changed({ name, unit, value, budget, change }) {
  const percent = Number.isFinite(change) ? ` (${change > 0 ? '+' : ''}${(change * 100).toFixed(1)} %)` : '';
  return `  ${name}: ${budget} → ${value} ${unit}${percent}`;
}
