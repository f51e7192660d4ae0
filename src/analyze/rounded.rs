//! Quantization and back: weights rounded to 4 and 8 bits as the usual packers do it. A model merged into an unpacked base began from
//! such weights.

/// Takes each weight's place and its value after rounding.
type Sink<'a> = &'a mut dyn FnMut(usize, f32);
type Scheme = fn(&[f32], usize, Sink);

/// All of them. The weights come in the order of the file, `cols` per row.
pub const SCHEMES: [Scheme; 8] = [
    // bitsandbytes, blocks of 64.
    |w, _, sink| table(w, 64, &NF4, sink),
    |w, _, sink| table(w, 64, &FP4, sink),
    // bitsandbytes in 8 bits (LLM.int8): one scale per row.
    |w, cols, sink| whole(w, cols, 127.0, sink),
    // GPTQ, AWQ and their kin by rounding to nearest: groups of a row, symmetric and with an offset.
    |w, cols, sink| whole(w, 128.min(cols), 7.0, sink),
    |w, cols, sink| offset(w, 128.min(cols), 15.0, sink),
    |w, cols, sink| offset(w, 64.min(cols), 15.0, sink),
    // FP8: one scale for all, and none.
    |w, _, sink| float8(w, largest(w) / 448.0, sink),
    |w, _, sink| float8(w, 1.0, sink),
];

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
