//! The secular equation: the eigenvalues of diag(poles) + rho z z^T are the zeros of 1 / rho + sum z_i^2 / (pole_i - x), one between each two
//! poles and one beyond the last. Each is found, and kept, by its distance from the nearer pole: the distances are what the vectors are made of.

/// Poles ascend and differ; no z is zero; rho > 0.
pub struct Secular {
    pub poles: Vec<f64>,
    pub z: Vec<f64>,
    pub rho: f64,
}

/// The value poles[pole] + beyond.
pub struct Root {
    pub pole: usize,
    pub beyond: f64,
}

/// The middle of an interval that a root lies in: of its magnitudes, where it spans many.
fn between(low: f64, high: f64) -> f64 {
    if low * high > 0.0 && (high / low).max(low / high) > 4.0 {
        (low * high).sqrt().copysign(low)
    } else {
        low + (high - low) / 2.0
    }
}

/// The function at one place.
struct At {
    value: f64,
    /// The slopes of the poles to the left and to the right.
    slopes: [f64; 2],
    /// A bound on the rounding of the value, in units of epsilon.
    rounding: f64,
}

/// Steps at most; a handful is usual.
const PATIENCE: usize = 400;

impl Secular {
    /// The value in place j.
    pub fn root(&self, j: usize) -> Root {
        let last = j + 1 == self.poles.len();
        // The interval, as seen from its nearer end.
        let (mut root, mut low, mut high);
        if last {
            let squares: f64 = self.z.iter().map(|z| z * z).sum();
            (low, high) = (0.0, self.rho * squares * (1.0 + 4.0 * f64::EPSILON));
            root = Root {
                pole: j,
                beyond: high / 2.0,
            };
        } else {
            let half = (self.poles[j + 1] - self.poles[j]) / 2.0;
            let middle = Root { pole: j, beyond: half };
            if self.at(j, &middle).value >= 0.0 {
                (root, low, high) = (middle, 0.0, half);
            } else {
                (root, low, high) = (
                    Root {
                        pole: j + 1,
                        beyond: -half,
                    },
                    -half,
                    0.0,
                );
            }
        }
        let (mut before, mut fixed) = (f64::INFINITY, true);
        let mut width = high - low;
        for step in 1..=PATIENCE {
            let at = self.at(j, &root);
            if at.value.abs() <= f64::EPSILON * at.rounding {
                break;
            }
            // The function rises from pole to pole.
            if at.value < 0.0 {
                low = root.beyond;
            } else {
                high = root.beyond;
            }
            if at.value.abs() > 0.1 * before {
                fixed = !fixed;
            }
            before = at.value.abs();
            let by = if last {
                self.step_beyond(&root, &at)
            } else {
                self.step_between(j, &root, &at, fixed)
            };
            let mut next = root.beyond + by;
            // Steps may creep along from one side: where three of them have not halved the interval, it is halved.
            let creeps = step % 3 == 0 && high - low > width / 2.0;
            if step % 3 == 0 {
                width = high - low;
            }
            if creeps || !(low < next && next < high) {
                next = between(low, high);
            }
            if next <= low || next >= high || next == root.beyond {
                break;
            }
            root.beyond = next;
        }
        root
    }

    /// pole_i - value
    pub fn distance(&self, i: usize, root: &Root) -> f64 {
        (self.poles[i] - self.poles[root.pole]) - root.beyond
    }

    /// The z_i for which the values are exact, but for a factor that all of them share (Loewner's formula).
    pub fn weight(&self, i: usize, roots: &[Root]) -> f64 {
        let (poles, last) = (&self.poles, roots.len() - 1);
        let left = (0..i).map(|j| self.distance(i, &roots[j]) / (poles[i] - poles[j]));
        let right = (i..last).map(|j| self.distance(i, &roots[j]) / (poles[i] - poles[j + 1]));
        let square = left
            .chain(right)
            .fold(-self.distance(i, &roots[last]), |product, factor| product * factor);
        square.abs().sqrt().copysign(self.z[i])
    }

    fn at(&self, j: usize, root: &Root) -> At {
        let side = |poles: &mut dyn Iterator<Item = usize>| {
            let (mut sum, mut slope, mut partial) = (0.0f64, 0.0, 0.0);
            for i in poles {
                let part = self.z[i] / self.distance(i, root);
                sum += self.z[i] * part;
                slope += part * part;
                partial += sum.abs();
            }
            (sum, slope, partial)
        };
        // The largest come last.
        let (left, left_slope, a) = side(&mut (0..=j));
        let (right, right_slope, b) = side(&mut (j + 1..self.poles.len()).rev());
        let rounding = 8.0 * (right - left) + a + b + 1.0 / self.rho + root.beyond.abs() * (left_slope + right_slope);
        At {
            value: 1.0 / self.rho + left + right,
            slopes: [left_slope, right_slope],
            rounding,
        }
    }

    /// The step to the zero of c + s / (pole_j - x) + t / (pole_{j+1} - x) that agrees in value and slope: with the nearer pole's own weight
    /// ("fixed weight", Li 1993), or with the slopes of both sides ("the middle way").
    fn step_between(&self, j: usize, root: &Root, at: &At, fixed: bool) -> f64 {
        let (left, right) = (self.distance(j, root), self.distance(j + 1, root));
        let slope = at.slopes[0] + at.slopes[1];
        let own = (self.z[root.pole] / self.distance(root.pole, root)).powi(2);
        let gap = self.poles[j + 1] - self.poles[j];
        let c = match (fixed, root.pole == j) {
            (true, true) => at.value - right * slope + gap * own,
            (true, false) => at.value - left * slope - gap * own,
            (false, _) => at.value - left * at.slopes[0] - right * at.slopes[1],
        };
        let a = (left + right) * at.value - left * right * slope;
        let b = left * right * at.value;
        let under = (a * a - 4.0 * b * c).abs().sqrt();
        let step = if a <= 0.0 {
            (a - under) / (2.0 * c)
        } else {
            2.0 * b / (a + under)
        };
        // Against the slope there is no zero.
        if at.value * step < 0.0 { step } else { -at.value / slope }
    }

    /// The step to the zero of r + s / (last pole - x) that agrees in value and slope.
    fn step_beyond(&self, root: &Root, at: &At) -> f64 {
        let (distance, slope) = (-root.beyond, at.slopes[0]);
        distance * at.value / (at.value - distance * slope)
    }
}
