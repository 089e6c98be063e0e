// How much rows differ: the paired bootstrap of `nextword compare`, on the losses that the page holds.
// The formulas and their sources are in benchmark/statistics: bootstrap.py, randomisation.py and student.py.

const RESAMPLES = 10000;
const LEVEL = 0.95;
const ROUNDING = 1e-4; // no p is told of mean losses, in nats, that are no further apart
const NORMAL_QUANTILE = 1.959963984540054; // of LEVEL

const sum = (values) => values.reduce((total, value) => total + value, 0);
const mean = (values) => sum(values) / values.length;

// Random numbers of 32 bits, the same each time (mulberry32).
function randomNumbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

// The integral of cos^(freedom - 1) from an angle on, and what it is at equal steps before the end.
const lastAngle = (start, freedom) =>
  Math.acos(Math.exp(-40 / Math.max(freedom - 1, 1e-12)) * Math.cos(start));
function densities(start, freedom, steps) {
  const step = (lastAngle(start, freedom) - start) / steps;
  return { step, heights: Array.from({ length: steps + 1 }, (_, i) => Math.cos(start + i * step) ** (freedom - 1)) };
}

function studentP(t, freedom) {
  const integral = (start) => {
    const { step, heights } = densities(start, freedom, 400);
    return step * (sum(heights) - (heights[0] + heights[400]) / 2);
  };
  return Math.min(1, integral(Math.atan(Math.abs(t) / Math.sqrt(freedom))) / integral(0));
}

function studentQuantile(freedom) {
  const { step, heights } = densities(0, freedom, 2000);
  const below = [0];
  for (let i = 1; i < heights.length; i++) below.push(below[i - 1] + heights[i - 1] + heights[i]);
  const wanted = LEVEL * below[2000];
  const after = Math.max(1, below.findIndex((area) => area >= wanted));
  const part = (wanted - below[after - 1]) / (below[after] - below[after - 1]);
  return Math.sqrt(freedom) * Math.tan((after - 1 + part) * step);
}

function quantile(sorted, share) {
  const place = share * (sorted.length - 1);
  const before = Math.floor(place);
  return sorted[before] + (place - before) * ((sorted[before + 1] ?? sorted[before]) - sorted[before]);
}

// Each row has the sums of its losses as [seeds][blocks]. What is compared is the mean over seeds, as far as it
// exceeds that of the first row: float [rows][blocks].
function excessOf(rows, blocks) {
  const pooled = rows.map((seeds) => Array.from({ length: blocks }, (_, b) => mean(seeds.map((loss) => loss[b]))));
  return pooled.map((row) => row.map((loss, b) => loss - pooled[0][b]));
}

// How the means over the text deviate from their values when blocks are drawn anew: float [rows][resamples].
function textDeviations(excess, targets, values, random) {
  const blocks = targets.length;
  const wider = Math.sqrt(blocks / (blocks - 1));
  const deviations = excess.map(() => new Float64Array(RESAMPLES));
  const sums = new Float64Array(excess.length);
  for (let draw = 0; draw < RESAMPLES; draw++) {
    let total = 0;
    sums.fill(0);
    for (let i = 0; i < blocks; i++) {
      const block = Math.floor((random() / 2 ** 32) * blocks);
      total += targets[block];
      for (let row = 1; row < sums.length; row++) sums[row] += excess[row][block];
    }
    for (let row = 1; row < sums.length; row++) deviations[row][draw] = wider * (sums[row] / total - values[row]);
  }
  return deviations;
}

// The mean losses of a row's seeds; how their mean deviates when seeds are drawn anew; and its variance.
function seedSpread(seeds, total, random) {
  const values = seeds.map((loss) => sum(loss) / total);
  const n = values.length;
  if (n === 1) return { n, variance: 0, deviate: () => 0 };
  const centre = mean(values);
  const wider = Math.sqrt(n / (n - 1));
  const variance = sum(values.map((value) => (value - centre) ** 2)) / (n - 1) / n;
  const one = () => values[Math.floor((random() / 2 ** 32) * n)];
  return { n, variance, deviate: () => wider * (mean(values.map(one)) - centre) };
}

// The standard error of the difference of two rows, and its degrees of freedom.
function errorOf(first, second, excess, spreads, targets) {
  const total = sum(targets);
  const blocks = targets.length;
  const shares = targets.map((count) => count / total);
  const losses = excess[second].map((loss, b) => loss - excess[first][b]);
  const value = sum(losses) / total;
  const leftOut = losses.map((loss, b) => (shares[b] < 1 ? (loss / total - value * shares[b]) / (1 - shares[b]) : 0));
  const text = ((blocks - 1) / blocks) * sum(leftOut.map((loss) => loss * loss));
  const freedom = Math.max(1, 1 / sum(shares.map((share) => share * share)) - 1);
  let [variance, squares] = [text, (text * text) / freedom];
  for (const { n, variance: bySeeds } of [spreads[first], spreads[second]]) {
    if (n > 1) [variance, squares] = [variance + bySeeds, squares + (bySeeds * bySeeds) / (n - 1)];
  }
  return { value, error: Math.sqrt(variance), freedom: squares ? (variance * variance) / squares : freedom };
}

// p-values of pairs of rows: the share of random assignments of signs to blocks that reach the difference.
function signFlips(pairs, excess, random) {
  const blocks = excess[0].length;
  const exact = blocks < 30 && 2 ** blocks <= RESAMPLES;
  const draws = exact ? 2 ** blocks : RESAMPLES;
  const differences = pairs.map(([a, b]) => excess[b].map((loss, block) => loss - excess[a][block]));
  const least = differences.map((d) => Math.abs(sum(d)) - 1e-9 * sum(d.map(Math.abs)));
  const reached = pairs.map(() => 0);
  const sums = new Float64Array(pairs.length);
  for (let draw = 0; draw < draws; draw++) {
    sums.fill(0);
    let bits = draw;
    for (let block = 0; block < blocks; block++) {
      if (!exact && block % 32 === 0) bits = random();
      const sign = bits & 1 ? 1 : -1;
      bits >>>= 1;
      for (let pair = 0; pair < sums.length; pair++) sums[pair] += sign * differences[pair][block];
    }
    for (let pair = 0; pair < sums.length; pair++) if (Math.abs(sums[pair]) >= least[pair]) reached[pair] += 1;
  }
  return reached.map((count) => (exact ? count / draws : (1 + count) / (1 + draws)));
}

// Holm's adjusted p-values, in the order given.
function holm(p) {
  const order = p.map((_, i) => i).sort((a, b) => p[a] - p[b]);
  let greatest = 0;
  const adjusted = [];
  order.forEach((place, i) => {
    greatest = Math.max(greatest, p[place] * (p.length - i));
    adjusted[place] = Math.min(1, greatest);
  });
  return adjusted;
}

// How each row but the first differs from the first: { nats, low, high, p, adjusted }. `adjusted` is p by Holm's
// correction over all pairs of the rows.
function differences(rows, targets) {
  const total = sum(targets);
  const random = randomNumbers(1);
  const excess = excessOf(rows, targets.length);
  const values = excess.map((losses) => sum(losses) / total);
  const deviations = textDeviations(excess, targets, values, random);
  const spreads = rows.map((seeds) => seedSpread(seeds, total, random));
  const bySeeds = spreads.map(({ deviate }) => Float64Array.from({ length: RESAMPLES }, deviate));
  const pairs = rows.flatMap((_, b) => rows.slice(0, b).map((_, a) => [a, b]));
  const flipped = signFlips(pairs, excess, random);
  const p = pairs.map(([a, b], place) => {
    if (spreads[a].n === 1 && spreads[b].n === 1) return flipped[place];
    const { value, error, freedom } = errorOf(a, b, excess, spreads, targets);
    return error ? studentP(value / error, freedom) : Number(value === 0);
  });
  const adjusted = holm(p);
  return rows.slice(1).map((_, place) => {
    const row = place + 1;
    const pair = pairs.findIndex(([a, b]) => a === 0 && b === row);
    const { freedom } = errorOf(0, row, excess, spreads, targets);
    const stretch = studentQuantile(freedom) / NORMAL_QUANTILE;
    const drawn = deviations[row].map((text, draw) => text + bySeeds[row][draw] - bySeeds[0][draw]).sort();
    const [low, high] = [(1 - LEVEL) / 2, (1 + LEVEL) / 2].map((share) => values[row] + stretch * quantile(drawn, share));
    return { nats: values[row], low, high, p: p[pair], adjusted: adjusted[pair] };
  });
}
