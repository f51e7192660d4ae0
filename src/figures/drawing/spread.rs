//! Label placement along one axis: moves direct labels apart.

/// Moves positions apart to at least `gap`, keeping their order and, within each crowd, their mean; then into `[lo, hi]` as far as they fit.
/// Where they do not fit they start at `lo` and run over `hi`. Sorted or not, the answer is in the order given.
pub fn spread(wanted: &[f64], gap: f64, (lo, hi): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    // Pool adjacent violators: a crowd is (sum of its members' wishes for its first member, size).
    let mut crowds: Vec<(f64, usize)> = Vec::new();
    for &n in &order {
        let mut crowd = (wanted[n], 1usize);
        while let Some(&(sum, size)) = crowds.last() {
            let end = sum / size as f64 + gap * size as f64;
            if crowd.0 / crowd.1 as f64 >= end {
                break;
            }
            crowds.pop();
            crowd = (sum + crowd.0 - gap * (size * crowd.1) as f64, size + crowd.1);
        }
        crowds.push(crowd);
    }
    let mut places: Vec<f64> = crowds
        .iter()
        .flat_map(|&(sum, size)| (0..size).map(move |n| sum / size as f64 + gap * n as f64))
        .collect();
    let mut ceiling = hi;
    for place in places.iter_mut().rev() {
        *place = place.min(ceiling);
        ceiling = *place - gap;
    }
    let mut floor = lo;
    for place in &mut places {
        *place = place.max(floor);
        floor = *place + gap;
    }
    let mut out = vec![0.0; wanted.len()];
    for (&n, place) in order.iter().zip(places) {
        out[n] = place;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn labels_keep_their_distance_and_their_order() {
        let wanted = [50.0, 10.0, 51.0, 52.0, 90.0, 10.0, 11.0];
        let got = spread(&wanted, 15.0, (0.0, 200.0));
        let mut sorted = got.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.windows(2).all(|w| w[1] - w[0] >= 15.0 - 1e-9), "{got:?}");
        assert!(got[0] < got[2] && got[2] < got[3] && got[3] < got[4], "{got:?}");
    }

    #[test]
    fn lone_labels_stay_and_crowds_stay_in_bounds() {
        assert_eq!(spread(&[10.0, 40.0], 15.0, (0.0, 100.0)), [10.0, 40.0]);
        assert_eq!(spread(&[100.0, 100.0], 15.0, (0.0, 100.0)), [85.0, 100.0]);
        assert_eq!(spread(&[5.0, 5.0, 5.0], 15.0, (0.0, 10.0)), [0.0, 15.0, 30.0]);
    }
}
