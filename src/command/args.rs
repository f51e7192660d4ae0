//! The command line: what may be asked, in the words of `--help`.

use super::rule::RuleArgs;
use clap::{Args, Parser, Subcommand, ValueEnum};
use lorascope::native::Fault;
use lorascope::native::prepare::{Choice, Prepared, prepare};
use lorascope::native::share::Part;
use lorascope::native::source::Source;
use lorascope::report;
use std::num::NonZero;
use std::path::PathBuf;

const WHERE: &str = "\
BASE and MODEL are a folder (read with everything below it, like a folder dropped on the page), a file, or hf:ORG/NAME[@REVISION] in the local \
Hugging Face cache. A folder of checkpoint-N folders is a training run. LABEL=PATH names a model. Nothing is fetched from any network.

More: docs/command.md";

const CODES: &str = "\
Exit codes:
  0  fine
  1  more intruders than --fail-on allows
  2  wrong use: nothing was done
  3  something could not be read, or is missing; all the rest was done, and the error output says what was left out

Examples:
  lorascope plan base lora-r8
  lorascope analyze base lora-r8 full=../runs/full -o report.json --html report.html
  lorascope analyze hf:meta-llama/Llama-3.1-70B adapters/ --part 3/64 -o parts/3.json
  lorascope merge-reports parts/*.json -o report.json
  lorascope figure report.json epsilon-curve -o figure.svg

A report opens on the page of Lorascope by dropping it. More: docs/command.md";

/// What fine-tuning did to a model's weights: intruder dimensions and effective rank of every matrix, from a base and its fine-tunes or adapters.
#[derive(Parser)]
#[command(name = "lorascope", version, after_help = CODES, max_term_width = 120)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Say what would be analysed, what is left out and why, and what is in doubt. Reads headers only.
    #[command(after_help = WHERE)]
    Plan(PlanArgs),
    /// Compute every matrix and write the report. What was left out is said on the error output.
    #[command(after_help = WHERE)]
    Analyze(AnalyzeArgs),
    /// Put the reports of parts together, or of several models of one base, and name what is missing.
    MergeReports(MergeArgs),
    /// Draw a figure of a report, or write its numbers.
    Figure(FigureArgs),
    /// Print the table of a report: its models, or every matrix.
    Table(TableArgs),
    /// Write a section for a model's page: Markdown, with a drawing beside it.
    Card(CardArgs),
    /// Scale the intruders of one model, or make a control of the same size, and save the edited change.
    #[command(after_help = WHERE)]
    Surgery(SurgeryArgs),
    /// The mean loss of base, fine-tunes and edits on texts: what they forgot, and what they learned.
    #[command(after_help = WHERE)]
    Loss(LossArgs),
}

/// What is compared with what.
#[derive(Args)]
pub struct ModelArgs {
    /// The pre-trained model.
    pub base: String,
    /// Its fine-tunes and adapters.
    #[arg(required = true, value_name = "MODEL")]
    pub models: Vec<String>,
    /// Types of matrices to analyse, with commas between: q,k,v,o,gate,up,down. By default the linear layers inside numbered blocks.
    #[arg(long, value_delimiter = ',', value_name = "TYPE")]
    pub types: Vec<String>,
    /// Blocks to analyse, from 0: 0-3,7.
    #[arg(long, value_name = "LIST")]
    pub layers: Option<String>,
    /// A regular expression that names of matrices must fit; with ! before it, must not fit.
    #[arg(long, value_name = "REGEX")]
    pub pattern: Option<String>,
    /// Take fused matrices (q, k and v in one) apart.
    #[arg(long)]
    pub split: bool,
    /// The answer to a question of the plan. `lorascope plan` shows every question with its answers.
    #[arg(long, value_name = "ID=VALUE", value_parser = answer)]
    pub answer: Vec<(String, String)>,
}

/// An id may hold a model's name, and that a sign of equality; a value has none.
fn answer(text: &str) -> Result<(String, String), &'static str> {
    let (id, value) = text
        .rsplit_once('=')
        .ok_or("write the question's id, =, and the answer")?;
    Ok((id.into(), value.into()))
}

impl ModelArgs {
    /// Opens what was named, and plans; `everywhere`: every tuned matrix, whatever its type.
    pub fn prepare(&self, everywhere: bool) -> Result<Prepared, Fault> {
        let base = Source::of(&self.base)?;
        let models = self.models.iter().map(|model| Source::of(model));
        let models = models.collect::<Result<Vec<_>, _>>()?;
        let choice = Choice {
            types: self.types.clone(),
            layers: self.layers.clone(),
            pattern: self.pattern.clone(),
            split: self.split,
            answers: self.answer.clone(),
            everywhere,
        };
        prepare(&base, &models.iter().collect::<Vec<_>>(), &choice)
    }
}

#[derive(Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub models: ModelArgs,
    /// The whole plan as JSON.
    #[arg(long)]
    pub json: bool,
}

/// How spectra are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Full spectra, all cosines.
    Exact,
    /// The leading vectors, with proved bounds for the rest: for large matrices.
    Certified,
    /// Exact where that is cheap; certified above, with exact where a verdict stays open.
    Auto,
}

impl From<Mode> for report::Mode {
    fn from(mode: Mode) -> report::Mode {
        match mode {
            Mode::Exact => report::Mode::Exact,
            Mode::Certified => report::Mode::Certified,
            Mode::Auto => report::Mode::Auto,
        }
    }
}

#[derive(Args)]
pub struct AnalyzeArgs {
    #[command(flatten)]
    pub models: ModelArgs,
    /// The report, JSON: it opens on the page, and every other command reads it.
    #[arg(short, long, value_name = "FILE", required_unless_present = "dry_run")]
    pub output: Option<PathBuf>,
    /// The report also as one page that opens without a network: tables, readings, drawings.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "auto")]
    pub mode: Mode,
    #[command(flatten)]
    pub rule: RuleArgs,
    /// Threads that compute; by default one per processor.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(NonZero<u16>))]
    pub threads: Option<NonZero<u16>>,
    /// Memory for matrices under way, in GB; one matrix is always under way. By default 60 % of what is free.
    #[arg(long, value_name = "GB")]
    pub memory: Option<f64>,
    /// Compute one share of the work only, for arrays of jobs: the I-th of N, from 1. Shares cost about the same, and all models of one matrix are in one.
    #[arg(long, value_name = "I/N")]
    pub part: Option<Part>,
    /// Keep each finished matrix in this folder, by a hash of its tensors, and take from it what is there: a run that was killed goes on. With --part
    /// by default lorascope-results beside the report.
    #[arg(long, value_name = "FOLDER")]
    pub keep: Option<PathBuf>,
    /// Write the SHA-256 of every file into the report; reads all of them once more.
    #[arg(long)]
    pub hashes: bool,
    /// Exit with 1 where a model has more intruders than this.
    #[arg(long, value_name = "N")]
    pub fail_on: Option<u32>,
    /// Print the parts with their matrices, operations, bytes and memory; compute nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// The dry run as JSON.
    #[arg(long, requires = "dry_run")]
    pub json: bool,
}

#[derive(Args)]
pub struct MergeArgs {
    /// Reports of one base.
    #[arg(required = true, value_name = "REPORT")]
    pub reports: Vec<PathBuf>,
    /// The whole report.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

#[derive(Args)]
pub struct FigureArgs {
    /// A report of `lorascope analyze` or of the page.
    pub report: PathBuf,
    /// The figure.
    #[arg(value_parser = super::figure::ids())]
    pub figure: String,
    /// The file; its ending says what it is: .svg, .png, .csv or .json.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    #[command(flatten)]
    pub rule: RuleArgs,
    #[command(flatten)]
    pub look: Look,
    /// The model, by its name or its number from 1.
    #[arg(long)]
    pub model: Option<String>,
    /// The matrix, by the name of its tensor in the base.
    #[arg(long)]
    pub matrix: Option<String>,
    /// The fine-tuned vector that is studied alone, from 1.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub vector: Option<u32>,
    /// Rows and columns of a similarity map, or how many singular values are drawn.
    #[arg(long, value_name = "N")]
    pub top: Option<u32>,
    /// The training step up to which an evolution is drawn.
    #[arg(long, value_name = "STEP")]
    pub until: Option<u64>,
    /// The factor of every change in the threshold figure.
    #[arg(long, value_name = "X")]
    pub times: Option<f64>,
    /// The k curve as a share of all vectors.
    #[arg(long)]
    pub fraction: bool,
    /// Effective rank of the adapters alone.
    #[arg(long)]
    pub adapters_only: bool,
    /// Without title and caption, for a document that has its own.
    #[arg(long)]
    pub bare: bool,
}

/// How a drawing looks.
#[derive(Args)]
pub struct Look {
    /// Width in CSS pixels.
    #[arg(long, default_value_t = 760, value_parser = clap::value_parser!(u16).range(120..=4000))]
    pub width: u16,
    /// On dark paper.
    #[arg(long)]
    pub dark: bool,
    /// Pixels of a .png per CSS pixel.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=8))]
    pub scale: u16,
}

#[derive(Args)]
pub struct TableArgs {
    /// A report of `lorascope analyze` or of the page.
    pub report: PathBuf,
    /// Every matrix with every measure, as CSV.
    #[arg(long, group = "form")]
    pub csv: bool,
    /// The same as JSON.
    #[arg(long, group = "form")]
    pub json: bool,
    /// The whole run in words and tables, as Markdown.
    #[arg(long, group = "form")]
    pub markdown: bool,
    /// The column to sort by: layer, name, shape, or the id of a measure. Largest first.
    #[arg(long, value_name = "COLUMN")]
    pub sort: Option<String>,
    /// A file instead of the standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub rule: RuleArgs,
}

#[derive(Args)]
pub struct CardArgs {
    /// A report of `lorascope analyze` or of the page.
    pub report: PathBuf,
    /// The Markdown file; the drawing is written beside it, under the same name and .svg.
    #[arg(short, long, value_name = "FILE", default_value = "lorascope.md")]
    pub output: PathBuf,
    /// The figure that is drawn.
    #[arg(long, default_value = "epsilon-curve", value_parser = super::figure::ids())]
    pub figure: String,
    #[command(flatten)]
    pub rule: RuleArgs,
    #[command(flatten)]
    pub look: Look,
}

#[derive(Args)]
pub struct SurgeryArgs {
    #[command(flatten)]
    pub models: ModelArgs,
    /// The folder of the files: an adapter in PEFT's form, or whole matrices of a full fine-tune, with a README.
    #[arg(short, long, value_name = "FOLDER")]
    pub output: PathBuf,
    #[arg(long, value_enum, default_value = "scaled")]
    pub arm: super::surgery::Arm,
    /// The strength of the intruders, from 0 to 2; 1 changes nothing.
    #[arg(long, default_value_t = 0.0)]
    pub lambda: f64,
    /// Numbers of 16 bits.
    #[arg(long)]
    pub bf16: bool,
    /// Cut back to the rank that each module had, as PEFT's own function does; what that loses is said. Exact otherwise.
    #[arg(long)]
    pub own_rank: bool,
    #[command(flatten)]
    pub rule: RuleArgs,
}

#[derive(Args)]
pub struct LossArgs {
    #[command(flatten)]
    pub models: ModelArgs,
    /// A text, as a file in UTF-8, or one that comes with the program: general, code, german. Several are read in one pass.
    #[arg(long, value_name = "FILE", default_value = "general")]
    pub text: Vec<String>,
    /// Tokens of a window; by default 512, or as many as the network was made for.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    pub window: Option<u32>,
    /// The model, by its name or number, whose surgery is read too: every arm at five strengths.
    #[arg(long, value_name = "MODEL")]
    pub edit: Option<String>,
    /// Read that model with each layer, type and matrix of its change undone, too.
    #[arg(long, requires = "edit")]
    pub undo: bool,
    /// A report of these models that the losses enter.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// The report with the losses, JSON.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Memory for the numbers between layers, in GB; weights come beside it, a layer at a time.
    #[arg(long, value_name = "GB", default_value_t = 1.0)]
    pub memory: f64,
    #[command(flatten)]
    pub rule: RuleArgs,
}
