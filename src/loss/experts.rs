//! A mixture of experts: a router sends every token to a few MLPs and sums what they answer.

use super::block::Work;
use super::linear::lanes;
use super::network::families::Experts;
use crate::linalg::Matrix;

/// The weighted answers of the chosen experts. Softmax over all experts, the strongest kept, their weights summing to 1 where the network says so.
pub fn mixture(work: &Work, experts: Experts, x: &Matrix) -> Result<Matrix, String> {
    let network = work.network;
    let all = lanes(work.rows.len(), x.ncols());
    let scores = work.linear_of(experts.router, x, &all)?;
    let mut sent: Vec<Vec<(usize, f32)>> = vec![Vec::new(); scores.nrows()];
    for (column, scores) in scores.as_slice().chunks_exact(scores.nrows().max(1)).enumerate() {
        let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut shares: Vec<f64> = scores.iter().map(|s| f64::from(s - most).exp()).collect();
        let sum: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|s| *s /= sum);
        let mut order: Vec<usize> = (0..shares.len()).collect();
        order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]));
        order.truncate(network.chosen);
        let kept: f64 = order.iter().map(|e| shares[*e]).sum();
        for e in order {
            let share = if network.normed { shares[e] / kept } else { shares[e] };
            sent[e].push((column, share as f32));
        }
    }
    let mut y = Matrix::zeros(x.nrows(), x.ncols());
    for (e, sent) in sent.iter().enumerate().filter(|(_, sent)| !sent.is_empty()) {
        let name = |part: &str| format!("{}{e}.{part}", experts.expert);
        let columns: Vec<usize> = sent.iter().map(|(column, _)| *column).collect();
        let place = |column: usize| columns.partition_point(|c| *c < column);
        let lanes: Vec<_> = all.iter().map(|lane| place(lane.start)..place(lane.end)).collect();
        let own = x.select_columns(&columns);
        let answer = work.gated(
            &name(experts.gate),
            &name(experts.up),
            &name(experts.down),
            &own,
            &lanes,
        )?;
        for ((column, share), answer) in sent.iter().zip(answer.column_iter()) {
            y.column_mut(*column).axpy(*share, &answer, 1.0);
        }
    }
    Ok(y)
}
