//! Activations, number by number. Their exponential is our own: the compiler turns it into vectors, where the library's is a call per number.

/// What stands between the two matrices of an MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    Relu,
    Silu,
    /// x times the normal distribution of x.
    Gelu,
    /// Its tanh form (Hendrycks and Gimpel 2016).
    GeluTanh,
}

impl Activation {
    /// The activation of a name in config.json.
    pub fn named(name: &str) -> Option<Activation> {
        Some(match name {
            "relu" => Activation::Relu,
            "silu" | "swish" => Activation::Silu,
            "gelu" | "gelu_python" => Activation::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_python_tanh" | "gelu_fast" | "gelu_accurate" => {
                Activation::GeluTanh
            }
            _ => return None,
        })
    }

    pub fn apply(self, all: &mut [f32]) {
        match self {
            Activation::Relu => all.iter_mut().for_each(|x| *x = x.max(0.0)),
            Activation::Silu => all.iter_mut().for_each(|x| *x /= 1.0 + exp(-*x)),
            Activation::Gelu => all
                .iter_mut()
                .for_each(|x| *x *= 0.5 * (1.0 + libm::erff(*x * std::f32::consts::FRAC_1_SQRT_2))),
            Activation::GeluTanh => all.iter_mut().for_each(|x| {
                // x (1 + tanh u) / 2 = x / (1 + exp(-2u)).
                const TWICE: f32 = 2.0 * 0.797_884_6;
                let u = TWICE * (*x + 0.044_715 * *x * *x * *x);
                *x /= 1.0 + exp(-u);
            }),
        }
    }
}

/// e to the x, within 2 units of the last place; 0 and infinity beyond the range. Halves of ln 2 are taken out in two parts (Cody and Waite), the
/// rest by Taylor's series to the seventh power.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    // Rounds to a whole number: what is added leaves no place for a fraction.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.3, 88.7);
    let whole = x * std::f32::consts::LOG2_E + ROUND;
    let n = whole - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let p = 1.0 / 5040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * r + 1.0;
    let p = p * r + 1.0;
    let power = f32::from_bits(((n as i32 + 127) as u32) << 23);
    p * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_right_to_the_last_places() {
        let mut worst = 0.0f64;
        for i in -86_000..88_000 {
            let x = i as f32 * 1e-3 + 3e-4;
            let truth = f64::from(x).exp();
            worst = worst.max((f64::from(exp(x)) - truth).abs() / truth);
        }
        assert!(worst < 2.0 * f64::from(f32::EPSILON), "{worst:e}");
        assert!(exp(-1000.0) < 1e-37 && exp(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn activations_are_their_formulas() {
        for i in -80..80 {
            let x = i as f32 * 0.1;
            let d = f64::from(x);
            let of = |a: Activation| {
                let mut one = [x];
                a.apply(&mut one);
                f64::from(one[0])
            };
            let tanh = 0.5 * d * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (d + 0.044715 * d * d * d)).tanh());
            assert!((of(Activation::GeluTanh) - tanh).abs() < 1e-6);
            assert!((of(Activation::Silu) - d / (1.0 + (-d).exp())).abs() < 1e-6);
            assert!((of(Activation::Gelu) - 0.5 * d * (1.0 + libm::erf(d / 2f64.sqrt()))).abs() < 1e-6);
            assert_eq!(of(Activation::Relu), d.max(0.0));
        }
    }
}
