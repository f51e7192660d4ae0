//! `lorascope plan`: what would be analysed.

use super::args::PlanArgs;
use super::end::End;
use super::{told, write};
use lorascope::native::Fault;

pub fn run(args: &PlanArgs) -> Result<End, Fault> {
    let prepared = args.models.prepare(false)?;
    if args.json {
        let json = serde_json::to_string_pretty(&prepared.plan).unwrap_or_default();
        write::out(&format!("{json}\n"))?;
        write::err(&told::troubles(&prepared));
    } else {
        write::out(&told::plan(&prepared))?;
    }
    Ok(if prepared.is_whole() {
        End::Fine
    } else {
        End::Incomplete
    })
}
