//! Validation of a stored report: lengths that agree, indices that point somewhere, numbers that are finite and cosines that are cosines. It
//! runs once, when the report is opened; after that the report is drawn as it is.

use crate::report::loss::Loss;
use crate::report::surgery::Surgery;
use crate::report::{Bulk, Delta, Makeup, Match, Matrix, Probe, Report, Similarity, Turns};

/// The first thing that is wrong with it, in words: "“model.layers.0.q” of “lora”: its best matches point beyond the base’s 24 vectors".
pub fn fault(report: &Report) -> Option<String> {
    if !report.settings.epsilon.is_finite() {
        return Some("its settings: ε is not a number".into());
    }
    for model in &report.models {
        let totals = &model.totals;
        let numbers = [
            model.alpha,
            model.scale,
            totals.mean_effective_rank,
            totals.mean_change_ratio,
        ];
        if !numbers.into_iter().flatten().all(f64::is_finite) {
            return Some(format!("“{}”: its scale is not a number", start(&model.label)));
        }
        if !model.sources.iter().filter_map(|s| s.alpha).all(f64::is_finite) {
            return Some(format!(
                "“{}”: the alpha of a module is not a number",
                start(&model.label)
            ));
        }
        if let Some(what) = model.surgery.as_ref().and_then(of_surgery) {
            return Some(format!("“{}”: {what}", start(&model.label)));
        }
        if let Some((matrix, what)) = model.matrices.iter().find_map(|m| Some((m, of_matrix(m)?))) {
            return Some(format!(
                "“{}” of “{}”: {what}",
                start(&matrix.name),
                start(&model.label)
            ));
        }
    }
    if let Some(what) = report.loss.as_ref().and_then(|loss| of_loss(loss, report.models.len())) {
        return Some(format!("its losses: {what}"));
    }
    #[cfg(feature = "page")]
    if let Some((panel, what)) = report.panels.iter().find_map(|p| Some((p, of_panel(&p.body)?))) {
        return Some(format!("the panel “{}”: {what}", start(&panel.name)));
    }
    None
}

/// A name may be as long as the file.
fn start(name: &str) -> String {
    name.chars().take(80).collect()
}

/// Rounding puts a cosine of two equal vectors a little above 1.
const COSINE: f32 = 1.001;

fn of_matrix(m: &Matrix) -> Option<String> {
    let n = m.rows.min(m.cols) as usize;
    for (what, sigma) in [("pre-trained", &m.sigma_base), ("fine-tuned", &m.sigma_tuned)] {
        if sigma.len() > n {
            return Some(format!(
                "it has {} {what} singular values; {n} fit its shape",
                sigma.len()
            ));
        }
        if !sigma.iter().all(|s| s.is_finite() && *s >= 0.0) {
            return Some(format!("one of its {what} singular values is negative or not a number"));
        }
    }
    if !m.seconds.is_finite() || !m.residual.is_none_or(f64::is_finite) {
        return Some("its time or its residual is not a number".into());
    }
    if !m.rounding.is_none_or(|norm| norm.is_finite() && norm >= 0.0) {
        return Some("the norm of its rounding is negative or not a number".into());
    }
    let sides = [&m.left, &m.right].into_iter().flatten();
    let maps = [&m.similarity, &m.follows].into_iter().flatten();
    sides
        .filter_map(|side| of_match(side, n))
        .chain(maps.filter_map(|map| of_map(map, n)))
        .chain(m.bulk.iter().filter_map(|bulk| of_bulk(bulk, m.sigma_base.len(), n)))
        .chain(m.delta.iter().filter_map(|delta| of_delta(delta, n)))
        .next()
}

fn of_match(side: &Match, n: usize) -> Option<String> {
    let all = side.max_cos.len();
    if all > n {
        return Some(format!("it has best matches of {all} vectors; {n} fit its shape"));
    }
    // A report made small keeps no indices.
    if !side.argmax.is_empty() && side.argmax.len() != all {
        return Some(format!(
            "it has {all} best matches and {} indices of them",
            side.argmax.len()
        ));
    }
    if side.argmax.iter().any(|i| *i as usize >= n) {
        return Some(format!("its best matches point beyond the base’s {n} vectors"));
    }
    let others = [&side.max_cos_upper, &side.tied_cos, &side.signed_cos];
    if others.into_iter().flatten().any(|list| list.len() != all) {
        return Some(format!("its lists of {all} best matches differ in length"));
    }
    let unsigned = [Some(&side.max_cos), side.max_cos_upper.as_ref(), side.tied_cos.as_ref()];
    let is_cosine = |from: f32| move |c: &f32| (from..=COSINE).contains(c);
    if !unsigned.into_iter().flatten().flatten().all(is_cosine(0.0))
        || !side.signed_cos.iter().flatten().all(is_cosine(-COSINE))
    {
        return Some("one of its cosines is outside 0 to 1".into());
    }
    if let Some(what) = side.makeup.as_ref().and_then(|makeup| of_makeup(makeup, n)) {
        return Some(what);
    }
    if let Some(what) = side.turns.as_ref().and_then(|turns| of_turns(turns, n)) {
        return Some(what);
    }
    side.vectors.as_ref().and_then(|map| of_map(map, n))
}

fn of_makeup(makeup: &Makeup, n: usize) -> Option<String> {
    let all = makeup.spread.len();
    let lengths = [makeup.block.len(), makeup.block_first.len()];
    let outside = makeup.outside.len();
    if all > n || lengths.iter().any(|length| *length != all) || outside != 0 && outside != all {
        return Some("what its vectors are made of differs in length".into());
    }
    if makeup.block_first.iter().any(|i| *i as usize >= n) {
        return Some(format!("a block of tied vectors begins beyond the base’s {n} vectors"));
    }
    // Rounding leaves a copy a little below 1.
    let share = |share: &f32| (0.0..=COSINE).contains(share);
    let sound = makeup.spread.iter().all(|s| s.is_finite() && *s >= 0.99)
        && makeup.block.iter().chain(&makeup.outside).all(share);
    (!sound).then(|| "a share of its vectors is outside 0 to 1".into())
}

fn of_turns(turns: &Turns, n: usize) -> Option<String> {
    let right = std::f32::consts::FRAC_PI_2 * COSINE;
    let all = turns.tuned.iter().chain(&turns.base);
    if turns.tuned.len() > n || turns.base.len() > n {
        return Some(format!("it has angles of more than its {n} vectors"));
    }
    (!all.into_iter().all(|angle| (0.0..=right).contains(angle)))
        .then(|| "one of its angles is not between 0 and 90°".into())
}

fn of_map(map: &Similarity, n: usize) -> Option<String> {
    let cells = (map.rows as usize).checked_mul(map.cols as usize);
    if cells != Some(map.values.len()) {
        return Some(format!(
            "a map of {} × {} cosines has {} values",
            map.rows,
            map.cols,
            map.values.len()
        ));
    }
    if map.rows as usize > n || map.cols as usize > n {
        return Some(format!(
            "a map of {} × {} cosines is larger than its {n} vectors",
            map.rows, map.cols
        ));
    }
    (!map.values.iter().all(|c| (0.0..=COSINE).contains(c))).then(|| "one of its cosines is outside 0 to 1".into())
}

/// A standard error needs two probes; no run has so many.
const PROBES: std::ops::RangeInclusive<usize> = 2..=64;

/// `known`: the pre-trained singular values that the report holds.
fn of_bulk(bulk: &Bulk, known: usize, n: usize) -> Option<String> {
    let leading = bulk.leading as usize;
    if !PROBES.contains(&bulk.probes.len()) || bulk.probes.iter().any(|p| p.sigma.len() != p.count.len()) {
        return Some("the lists of its bulk differ in length, or are not as many as there can be".into());
    }
    // A report made small keeps the first value alone, and no bulk.
    if leading > known || bulk.probes.iter().any(|p| p.sigma.len() > n) {
        return Some(format!(
            "its bulk leaves out {leading} of the {known} values that are known, or holds more than fit"
        ));
    }
    let mut numbers = bulk.probes.iter().flat_map(|p| p.sigma.iter().chain(&p.count));
    if !numbers.all(|x| x.is_finite() && *x >= 0.0) {
        return Some("a number of its bulk is negative or not a number".into());
    }
    // Counts are rounded to 24 bits, and add up.
    let rest = n.saturating_sub(leading) as f64;
    let stands_for_all = |p: &Probe| (p.count.iter().map(|c| f64::from(*c)).sum::<f64>() - rest).abs() <= 1e-3 * rest;
    (!bulk.probes.iter().all(stands_for_all)).then(|| format!("its bulk does not stand for {rest} values"))
}

fn of_delta(delta: &Delta, n: usize) -> Option<String> {
    let floor = delta.floor.as_ref();
    let numbers = [
        Some(delta.effective_rank),
        Some(delta.stable_rank),
        Some(delta.frobenius),
        delta.effective_rank_error,
        floor.map(|f| f.effective_rank),
        floor.map(|f| f64::from(f.sigma)),
    ];
    let mut measures = delta.measures.values().chain(delta.measure_errors.values());
    let finite = numbers.into_iter().flatten().all(f64::is_finite) && measures.all(|x| x.is_finite());
    if !finite || !delta.sigma.iter().all(|s| s.is_finite() && *s >= 0.0) {
        return Some("one of the numbers of its change is not a number".into());
    }
    let above = floor.map_or(0, |f| f.above as usize);
    (delta.sigma.len() > n || above > n).then(|| format!("its change has more singular values than the {n} that fit"))
}

fn of_surgery(surgery: &Surgery) -> Option<String> {
    if !surgery.lambdas.iter().chain([&surgery.epsilon]).all(|x| x.is_finite()) {
        return Some("a number of its surgery is not a number".into());
    }
    surgery.arms.iter().find_map(|curve| {
        let all = curve.intruders.len();
        let lengths = [
            curve.undecided.len(),
            curve.frobenius.len(),
            curve.energy.len(),
            curve.effective_rank.len(),
            curve.sigma.len(),
        ];
        let name = curve.arm.words().name;
        // Reports of before had no weakest matches.
        let weakest = curve.weakest.len();
        if lengths.iter().any(|n| *n != all) || weakest != 0 && weakest != all || all > surgery.lambdas.len().max(1) {
            return Some(format!("the lists of its surgery “{name}” differ in length"));
        }
        let optional = curve.energy.iter().chain(&curve.effective_rank).flatten();
        let numbers = curve.frobenius.iter().chain(optional).copied().chain(
            curve
                .sigma
                .iter()
                .chain(curve.weakest.iter().flatten())
                .map(|s| f64::from(*s)),
        );
        (!numbers.into_iter().all(|x| x.is_finite() && x >= 0.0))
            .then(|| format!("a number of its surgery “{name}” is negative or not a number"))
    })
}

fn of_loss(loss: &Loss, models: usize) -> Option<String> {
    if !loss.epsilon.is_finite() || loss.texts.is_empty() {
        return Some("they have no text, or ε is not a number".into());
    }
    for text in &loss.texts {
        let all = text.pieces.len();
        let ascends = text.places.is_sorted_by(|a, b| a < b);
        if text.places.len() != text.tokens as usize
            || !ascends
            || text.places.last().is_some_and(|p| *p as usize >= all)
        {
            return Some(format!(
                "the predicted tokens of “{}” are not tokens of it",
                start(&text.name)
            ));
        }
    }
    for row in &loss.rows {
        if row.model.is_some_and(|model| model as usize >= models) || row.on.len() != loss.texts.len() {
            return Some("a row is of no model, or lacks a text".into());
        }
        for (on, text) in row.on.iter().zip(&loss.texts) {
            let numbers = [on.mean, on.more, on.error, row.lambda.unwrap_or(1.0)];
            let kept = on.tokens.len();
            if kept != 0 && kept != text.places.len() {
                return Some("the losses of single tokens are not as many as the tokens".into());
            }
            let paired = on.than_trained.map_or([0.0; 2], |paired| [paired.more, paired.error]);
            if !numbers.iter().chain(&paired).all(|x| x.is_finite()) || !on.tokens.iter().all(|x| x.is_finite()) {
                return Some("a loss is not a number".into());
            }
        }
    }
    None
}

#[cfg(feature = "page")]
fn of_panel(body: &crate::report::panel::Body) -> Option<String> {
    use crate::report::panel::{Body, Range};
    let range = |r: &Range| r.from.is_finite() && r.to.is_finite() && (!r.log || r.from > 0.0 && r.to > 0.0);
    let points = |list: &[[f64; 2]]| list.iter().flatten().all(|x| x.is_finite());
    let sound = match body {
        Body::Curves(c) => {
            range(&c.x)
                && range(&c.y)
                && c.cursor.is_none_or(f64::is_finite)
                && c.levels.iter().all(|l| l.at.is_finite())
                && c.strips.iter().all(|s| points(&s.counts))
                && c.lines.iter().all(|l| {
                    points(&l.points)
                        && l.deviation.iter().all(|d| d.is_finite())
                        && (l.deviation.is_empty() || l.deviation.len() == l.points.len())
                })
        }
        Body::Bars(b) => {
            range(&b.y) && b.values.iter().all(|v| v.is_finite()) && b.levels.iter().all(|l| l.at.is_finite())
        }
        Body::Arrows(a) => {
            let side = a.basis.len();
            (2..=3).contains(&side)
                && a.basis
                    .iter()
                    .chain([&a.vector])
                    .all(|v| v.len() == side && v.iter().all(|x| x.is_finite()))
                && (a.best as usize) < side
        }
        Body::Maps(m) => {
            m.limit.is_finite()
                && m.maps.iter().all(|map| {
                    (map.rows as usize).checked_mul(map.cols as usize) == Some(map.values.len())
                        && map.values.iter().all(|v| v.is_finite())
                })
        }
    };
    (!sound).then(|| "its numbers do not fit each other".into())
}
