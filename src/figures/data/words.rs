//! The wording of a count's range, for the names of the y axes.

use crate::figures::drawing::scale::count;
use crate::figures::request::Request;
use crate::report::Side;

/// "all 36 matrices", "at least 20 of 36 matrices"; `done`: how many matrices are in the count of each model.
pub fn over(done: impl Iterator<Item = usize> + Clone, request: &Request) -> String {
    let least = done.clone().min().unwrap_or(0);
    let most = done.max().unwrap_or(0);
    let planned = (request.planned as usize).max(most);
    let matrices = |n: usize| if n == 1 { "matrix" } else { "matrices" };
    if request.running && least < planned {
        format!("the {} {} done so far", count(most as u64), matrices(most))
    } else if least == planned {
        if planned == 1 {
            "the one matrix".into()
        } else {
            format!("all {} matrices", count(planned as u64))
        }
    } else if least == most {
        format!("{} of {} matrices", count(most as u64), count(planned as u64))
    } else {
        format!("at least {} of {} matrices", count(least as u64), count(planned as u64))
    }
}

/// The side that is compared, where it is not the usual one.
pub fn side_words(side: Side) -> &'static str {
    match side {
        Side::Left => "",
        Side::Right => ", right vectors",
        Side::Both => ", both sides",
    }
}

/// Said in totals while a run is under way.
pub fn so_far(request: &Request) -> &'static str {
    if request.running { ", so far" } else { "" }
}
