//! The layer axis.

use crate::figures::request::Request;

/// While a run fills the panels the layers keep their final range, as far as the number of planned matrices tells it.
pub fn final_layer(request: &Request, seen: u32, types: usize) -> u32 {
    let all = if request.running && seen > 0 {
        (request.planned as usize).div_ceil(types.max(1)).saturating_sub(1) as u32
    } else {
        0
    };
    seen.max(all.min(4096))
}
