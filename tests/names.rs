//! Names of many families, parsed: the reference's hand-made cases, and families of our own.

use crate::common::{fixtures, reference};
use lorascope::plan::names::place;

/// The reference's words: a type, `?` for a block's matrix of no known type, `!` with the reason for what is not looked at.
fn said(name: &str) -> String {
    let place = place(&format!("{name}.weight"));
    match (place.excluded, place.layer, place.kind) {
        (Some(rule), ..) => format!("!{rule}"),
        (_, None, _) => "!outside".into(),
        (.., Some(kind)) => kind.into(),
        _ => "?".into(),
    }
}

fn check(list: &str, least: usize) {
    let cases = reference::read(&fixtures().join("names.json"));
    let cases = cases[list].as_object().unwrap();
    assert!(cases.len() >= least, "{} cases", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .map(|(name, wanted)| (name, wanted.as_str().unwrap(), said(name)))
        // Heads are told from other things outside the blocks by the reference only; both are left out.
        .filter(|(_, wanted, said)| said != wanted && !(*wanted == "!head" && said == "!outside"))
        .map(|(name, wanted, said)| format!("{name}: {said}, not {wanted}"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_cases_of_the_reference() {
    check("reference", 118);
}

#[test]
fn more_families() {
    check("own", 30);
}
