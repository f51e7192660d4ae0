//! Dense linear algebra on one matrix at a time. The only room that names an algebra crate: nalgebra holds matrices and factors
//! the small ones, faer decomposes and multiplies the large ones, one thread a matrix; rayon runs matrices side by side.

mod low_rank;
mod product;
mod svd;

pub use low_rank::low_rank_singular_values;
pub use product::{abs_cosines, add_scaled_product};
pub use svd::{NoConvergence, Svd, residual, singular_values, thin_svd};

/// Column-major f32, `[out, in]`.
pub type Matrix = nalgebra::DMatrix<f32>;

fn view(m: &Matrix) -> faer::MatRef<'_, f32> {
    faer::MatRef::from_column_major_slice(m.as_slice(), m.nrows(), m.ncols())
}

fn view_mut(m: &mut Matrix) -> faer::MatMut<'_, f32> {
    let (rows, cols) = m.shape();
    faer::MatMut::from_column_major_slice_mut(m.as_mut_slice(), rows, cols)
}
