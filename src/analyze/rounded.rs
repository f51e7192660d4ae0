//! Quantization and back: weights rounded to 4 and 8 bits as the usual packers do it. A model merged into an unpacked base began from
//! such weights.

use rayon::prelude::*;

/// What a rounding must know of the whole matrix, whichever part of it is rounded.
struct Whole {
    cols: usize,
    /// The largest weight, without its sign.
    largest: f32,
}

/// Takes each weight's place and its value after rounding.
type Sink<'a> = &'a mut dyn FnMut(usize, f32);
/// Rounds the first weights of a matrix, in the order of the file.
type Scheme = fn(&[f32], &Whole, Sink);

/// All of them.
const SCHEMES: [Scheme; 8] = [
    // bitsandbytes, blocks of 64.
    |w, _, sink| table(w, 64, &NF4, sink),
    |w, _, sink| table(w, 64, &FP4, sink),
    // bitsandbytes in 8 bits (LLM.int8): one scale per row.
    |w, m, sink| whole(w, m.cols, 127.0, sink),
    // GPTQ, AWQ and their kin by rounding to nearest: groups of a row, symmetric and with an offset.
    |w, m, sink| whole(w, 128.min(m.cols), 7.0, sink),
    |w, m, sink| offset(w, 128.min(m.cols), 15.0, sink),
    |w, m, sink| offset(w, 64.min(m.cols), 15.0, sink),
    // FP8: one scale for all, and none.
    |w, m, sink| float8(w, m.largest / 448.0, sink),
    |w, _, sink| float8(w, 1.0, sink),
];

/// How far the share of a rounding's error may be from whole: the scales of double quantisation are rounded themselves.
const SAME_ERROR: f64 = 0.2;
/// How many standard deviations make it sure.
const SURE: f64 = 8.0;
/// So many weights are looked at first: they tell nearly every change that carries no rounding.
const SAMPLE: usize = 1 << 16;

/// The mean square of the rounding's error where the change carries it: none where it carries none.
///
/// The base is rounded in every usual way; the part of the change that follows that rounding's error is 1 where it was made so, and
/// about 0 for any other change. All weights are `[rows, cols]` in the order of the file.
pub fn carried(base: &[f32], cols: usize, change: &[f32]) -> Option<f64> {
    if base.len() != change.len() {
        return None;
    }
    let whole = Whole {
        cols,
        largest: largest(base),
    };
    let sample = base.len().min(SAMPLE.next_multiple_of(cols.max(1)));
    SCHEMES
        .par_iter()
        .filter(|scheme| Trace::of(**scheme, &base[..sample], &whole, change).may_be_whole())
        .map(|scheme| Trace::of(*scheme, base, &whole, change))
        .filter(|trace| trace.is_whole())
        .max_by(|a, b| a.cosine().total_cmp(&b.cosine()))
        .map(|trace| trace.error / base.len() as f64)
}

/// What a change has in common with the error of a rounding: sums over the weights looked at.
struct Trace {
    count: usize,
    /// Of error times change, and of its square.
    product: f64,
    spread: f64,
    /// Of the squares of both.
    error: f64,
    change: f64,
}

impl Trace {
    fn of(scheme: Scheme, base: &[f32], whole: &Whole, change: &[f32]) -> Trace {
        let mut trace = Trace {
            count: base.len(),
            product: 0.0,
            spread: 0.0,
            error: 0.0,
            change: 0.0,
        };
        scheme(base, whole, &mut |at, value| {
            let (error, change) = (f64::from(value) - f64::from(base[at]), f64::from(change[at]));
            trace.product += error * change;
            trace.spread += (error * change).powi(2);
            trace.error += error * error;
            trace.change += change * change;
        });
        trace
    }

    /// The share of the error that is in the change.
    fn share(&self) -> f64 {
        self.product / self.error.max(f64::MIN_POSITIVE)
    }

    /// Unless the share is surely another: its deviation is estimated from the products themselves, whose signs are independent where the
    /// change knows nothing of the error.
    fn may_be_whole(&self) -> bool {
        let deviation = self.spread.sqrt() / self.error.max(f64::MIN_POSITIVE);
        (self.share() - 1.0).abs() < SAME_ERROR + SURE * deviation || self.error == 0.0
    }

    /// Whole, and surely not by chance: a change that knows nothing of the error has a cosine of 1 / sqrt(count) with it.
    fn is_whole(&self) -> bool {
        (self.share() - 1.0).abs() < SAME_ERROR && self.cosine() * (self.count as f64).sqrt() > SURE
    }

    fn cosine(&self) -> f64 {
        self.product / (self.error * self.change).sqrt().max(f64::MIN_POSITIVE)
    }
}

/// NF4 (Dettmers et al. 2023) and FP4, as bitsandbytes holds them.
const NF4: [f32; 16] = [
    -1.0,
    -0.696_192_8,
    -0.525_073_05,
    -0.394_917_5,
    -0.284_441_38,
    -0.184_773_43,
    -0.091_050_03,
    0.0,
    0.079_580_3,
    0.160_930_2,
    0.246_112_3,
    0.337_915_24,
    0.440_709_83,
    0.562_617,
    0.722_956_84,
    1.0,
];
const FP4: [f32; 16] = [
    -1.0,
    -0.666_666_7,
    -0.5,
    -0.333_333_34,
    -0.25,
    -0.166_666_67,
    -0.005_208_333_5,
    0.0,
    0.0,
    0.005_208_333_5,
    0.166_666_67,
    0.25,
    0.333_333_34,
    0.5,
    0.666_666_7,
    1.0,
];

fn largest(w: &[f32]) -> f32 {
    w.iter().fold(0.0f32, |m, x| m.max(x.abs()))
}

/// The nearest of 16 ascending values, times the largest weight of each block.
fn table(w: &[f32], block: usize, values: &[f32; 16], sink: Sink) {
    for (b, part) in w.chunks(block).enumerate() {
        let scale = largest(part);
        for (i, x) in part.iter().enumerate() {
            let unit = if scale > 0.0 { x / scale } else { 0.0 };
            let above = values.partition_point(|v| *v < unit).clamp(1, 15);
            let (low, high) = (values[above - 1], values[above]);
            sink(b * block + i, scale * if unit - low < high - unit { low } else { high });
        }
    }
}

/// Whole numbers from -`most` to `most`, times one scale per group.
fn whole(w: &[f32], group: usize, most: f32, sink: Sink) {
    for (b, part) in w.chunks(group.max(1)).enumerate() {
        let scale = largest(part) / most;
        for (i, x) in part.iter().enumerate() {
            sink(
                b * group.max(1) + i,
                if scale > 0.0 { (x / scale).round() * scale } else { 0.0 },
            );
        }
    }
}

/// `most` steps from the smallest to the largest weight of each group.
fn offset(w: &[f32], group: usize, most: f32, sink: Sink) {
    for (b, part) in w.chunks(group.max(1)).enumerate() {
        let (low, high) = part.iter().fold((0.0f32, 0.0f32), |(l, h), x| (l.min(*x), h.max(*x)));
        let scale = (high - low) / most;
        let zero = if scale > 0.0 { (-low / scale).round() } else { 0.0 };
        for (i, x) in part.iter().enumerate() {
            let code = if scale > 0.0 {
                ((x / scale).round() + zero).clamp(0.0, most) - zero
            } else {
                0.0
            };
            sink(b * group.max(1) + i, code * scale);
        }
    }
}

/// E4M3: three bits of mantissa, the smallest normal number 2^-6.
fn float8(w: &[f32], scale: f32, sink: Sink) {
    for (i, x) in w.iter().enumerate() {
        let own = if scale > 0.0 { x / scale } else { 0.0 };
        let exponent = if own == 0.0 {
            -6
        } else {
            own.abs().log2().floor().max(-6.0) as i32
        };
        let step = 2f32.powi(exponent - 3);
        sink(i, (own / step).round() * step * scale);
    }
}
