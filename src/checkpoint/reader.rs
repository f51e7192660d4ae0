//! Identifies one file by its content and reads its header, asking for byte ranges.

use super::json::{self, Index, ModelConfig};
use super::packed::{MAX_STATE, QUANT_STATE, QuantState};
use super::safetensors::{self, Header, Tensor};
use super::samples;
use super::sniff::{self, Kind};
use super::torch::{Legacy, Step, Zip};
use crate::error::{Error, Foreign};
use crate::methods::AdapterConfig;
use std::ops::Range;
use std::sync::Arc;

/// The content of a file, as its own bytes say.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Shared with every plan that is made of it.
    Tensors(Arc<Header>),
    Index(Index),
    AdapterConfig(Box<AdapterConfig>),
    ModelConfig(ModelConfig),
    /// JSON of no interest here: a tokenizer, a generation config.
    OtherJson,
    /// Set aside by the plan: of no use, or the same as another file.
    PassedOver,
}

/// Enough for sniffing, and for the whole header of most adapters.
const FIRST_READ: u64 = 64 * 1024;
/// Indices of the largest checkpoints take tens of MB.
const MAX_JSON: u64 = 100_000_000;

/// Sans-IO: call `wants`, read that range, `supply` it, until `wants` is none; then `finish`.
pub struct Reader {
    size: u64,
    next: Option<Range<u64>>,
    /// Set once the kind is known and a second range was asked for.
    then: Option<Then>,
    result: Option<Result<Content, Error>>,
}

/// The meaning of the next bytes.
enum Then {
    Json,
    Header,
    Zip(Zip),
    Legacy(Legacy),
    /// A state of a packed weight: the last of `left`.
    State {
        header: Header,
        left: Vec<usize>,
    },
    /// The first numbers of blocks: of the last of `left`.
    Sample {
        header: Header,
        left: Vec<usize>,
    },
}

impl Reader {
    /// A reader for a file of `size` bytes.
    pub fn new(size: u64) -> Reader {
        if size == 0 {
            return Reader {
                size,
                next: None,
                then: None,
                result: Some(Err(Error::EmptyFile)),
            };
        }
        Reader {
            size,
            next: Some(0..size.min(FIRST_READ)),
            then: None,
            result: None,
        }
    }

    /// The range to read next; none when all is known.
    pub fn wants(&self) -> Option<Range<u64>> {
        self.next.clone()
    }

    /// Takes the bytes of the range last asked for.
    pub fn supply(&mut self, bytes: &[u8]) {
        let Some(asked) = self.next.take() else { return };
        if bytes.len() as u64 != asked.end.saturating_sub(asked.start) {
            self.result = Some(Err(Error::Truncated {
                should_be: asked.end,
                is: asked.start.saturating_add(bytes.len() as u64),
            }));
            return;
        }
        match self.then.take() {
            None => self.first(bytes),
            Some(Then::Json) => self.result = Some(json::classify(bytes)),
            Some(Then::Header) => self.header(bytes, asked.end),
            Some(Then::State { mut header, mut left }) => {
                if let Some(tensor) = left.pop().and_then(|at| header.tensors.get(at))
                    && let (Some(state), Some((name, _))) =
                        (QuantState::parse(bytes), tensor.name.split_once(QUANT_STATE))
                {
                    header.states.insert(name.to_owned(), state);
                }
                self.states(header, left);
            }
            Some(Then::Sample { mut header, mut left }) => {
                let (count, all) = samples::next(&header.tensors, &left).unwrap_or_default();
                let read = left.split_off(left.len().saturating_sub(count.max(1)));
                for tensor in read.into_iter().filter_map(|at| header.tensors.get(at)) {
                    let own = samples::range(tensor);
                    let [begin, end] = [own.start, own.end].map(|at| at.saturating_sub(all.start) as usize);
                    if let Some(numbers) = bytes.get(begin..end).and_then(|own| tensor.dtype.decode(own)) {
                        header.samples.insert(tensor.name.clone(), numbers);
                    }
                }
                self.samples(header, left);
            }
            Some(Then::Zip(mut zip)) => {
                let step = zip.supply(bytes);
                self.step(step, Then::Zip(zip));
            }
            Some(Then::Legacy(mut legacy)) => {
                let step = legacy.supply(bytes);
                self.step(step, Then::Legacy(legacy));
            }
        }
    }

    fn step(&mut self, step: Step, then: Then) {
        match step {
            Step::Read(range) => self.ask(then, range),
            Step::Done(Err(error)) => self.result = Some(Err(error)),
            Step::Done(Ok(header)) => self.sampled(header),
        }
    }

    /// The reading failed outside.
    pub fn fail(&mut self, error: Error) {
        self.next = None;
        self.result = Some(Err(error));
    }

    /// The content of the file; `Unreadable` when it was asked too early.
    pub fn content(&self) -> Result<Content, Error> {
        self.result.clone().unwrap_or(Err(Error::Unreadable {
            detail: "it was not read to the end of its header".into(),
        }))
    }

    fn first(&mut self, head: &[u8]) {
        let kind = sniff::sniff(head);
        let whole = head.len() as u64 == self.size;
        match kind {
            Kind::Foreign(what) => self.result = Some(Err(Error::FileType(what))),
            Kind::TorchZip => {
                let mut zip = Zip::new(self.size);
                let step = zip.supply(&[]);
                self.step(step, Then::Zip(zip));
            }
            Kind::TorchLegacy => {
                let mut legacy = Legacy::new(self.size);
                let step = legacy.supply(&[]);
                self.step(step, Then::Legacy(legacy));
            }
            Kind::Json if whole => self.result = Some(json::classify(head)),
            Kind::Json if self.size > MAX_JSON => self.result = Some(Err(Error::FileType(Foreign::Json))),
            Kind::Json => self.ask(Then::Json, 0..self.size),
            Kind::Safetensors => match safetensors::header_length(head, self.size) {
                Err(e) => self.result = Some(Err(e)),
                Ok(n) => match head.get(8..).and_then(|rest| rest.get(..usize::try_from(n).ok()?)) {
                    Some(header) => self.header(header, n.saturating_add(8)),
                    None => self.ask(Then::Header, 8..n.saturating_add(8)),
                },
            },
        }
    }

    /// A header, and after it the small tensors that say how others are packed.
    fn header(&mut self, json: &[u8], data_start: u64) {
        match safetensors::parse_header(json, data_start, self.size) {
            Err(error) => self.result = Some(Err(error)),
            Ok(header) => {
                let is_state = |t: &Tensor| t.name.contains(QUANT_STATE) && (1..=MAX_STATE).contains(&t.bytes());
                let tensors = header.tensors.iter().enumerate();
                let left = tensors.filter(|(_, t)| is_state(t)).map(|(at, _)| at).collect();
                self.states(header, left);
            }
        }
    }

    fn states(&mut self, header: Header, left: Vec<usize>) {
        match left
            .last()
            .and_then(|at| header.tensors.get(*at))
            .map(|t| t.begin..t.end)
        {
            None => self.sampled(header),
            Some(range) => self.ask(Then::State { header, left }, range),
        }
    }

    /// The last step of a file with tensors: a few numbers of every block.
    fn sampled(&mut self, header: Header) {
        let left = samples::places(&header.tensors);
        self.samples(header, left);
    }

    fn samples(&mut self, header: Header, left: Vec<usize>) {
        match samples::next(&header.tensors, &left) {
            None => self.result = Some(Ok(Content::Tensors(Arc::new(header)))),
            Some((_, range)) => self.ask(Then::Sample { header, left }, range),
        }
    }

    fn ask(&mut self, then: Then, range: Range<u64>) {
        self.then = Some(then);
        self.next = Some(range);
    }
}
