//! The program `lorascope`: the core over files on disk. It opens files, asks, computes and writes; every number is the core's.

mod analyze;
mod args;
mod card;
mod dry;
mod end;
mod figure;
mod loss;
mod merge;
mod plan;
mod progress;
mod rule;
mod stored;
mod surgery;
mod table;
mod told;
mod write;

use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Plan(args) => plan::run(&args),
        Command::Analyze(args) => analyze::run(&args),
        Command::MergeReports(args) => merge::run(&args),
        Command::Figure(args) => figure::run(&args),
        Command::Table(args) => table::run(&args),
        Command::Card(args) => card::run(&args),
        Command::Surgery(args) => surgery::run(&args),
        Command::Loss(args) => loss::run(&args),
    };
    end::code(done)
}
