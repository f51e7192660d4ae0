//! Dense linear algebra. The only room that names an algebra crate: nalgebra holds matrices and factors the small ones;
//! products, spectra, the Krylov basis and the certificate are our own.

mod axes;
mod best;
mod bulk;
mod certificate;
mod cholesky;
mod compare;
mod edge;
mod estimate;
mod exact;
mod frame;
mod invariant;
mod isolate;
mod kernel;
mod krylov;
mod lanczos;
mod lanes;
mod leading;
mod low_rank;
mod operator;
mod orthonormal;
mod part;
mod product;
mod rank_one;
mod reduction;
mod reflectors;
mod ridge;
mod second;
mod seeded;
mod spectrum;
mod symmetric;
mod tridiagonal;
mod view;
mod warm;

pub use axes::{AlongAxes, plus_low_rank};
pub use best::{Question, SideMatch};
pub use bulk::{Bulk, bulk};
pub use compare::{Compared, Settled, compare, compare_with};
pub use estimate::{Estimate, estimate};
pub use exact::{Cosines, Svd, cosines, singular_values, thin_svd};
pub use frame::{Beside, Frame, Triples, triples};
#[cfg(target_feature = "simd128")]
pub use kernel::register_flops;
pub use leading::Tune;
pub use low_rank::{low_rank_singular_values, product_singular_values};
pub use orthonormal::{orthonormal, random};
pub use part::{first_columns, leading_part};
pub use product::{accumulate, product};
pub use ridge::ridge;
pub use seeded::SplitMix;
pub use view::{Stored, View};
pub use warm::warm_up;

/// Column-major f32, `[out, in]`.
pub type Matrix = nalgebra::DMatrix<f32>;

/// The same in f64, where an answer must be as exact as its definition.
pub type Precise = nalgebra::DMatrix<f64>;

/// The iteration did not settle; data, not a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoConvergence;
