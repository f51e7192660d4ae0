//! A restricted unpickler: it builds tensors, strings, numbers and containers, and nothing else (protocols 0 to 5).
//!
//! Values live in an arena and refer to each other by number: cycles and depth cost nothing, and there is no destructor to recurse. Three
//! bytes can name a value of megabytes once more, so what is built from others is counted as a copy of them ([`Budget`]).

use super::invalid;
use crate::checkpoint::budget::Budget;
use crate::error::Error;
use std::collections::HashMap;
use std::rc::Rc;

/// A value's place in the arena.
pub type Id = usize;

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// None, a float, bytes, or an object that is of no interest here.
    Opaque,
    Int(i64),
    Str(String),
    /// Tuples, lists and sets alike.
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// `module name`
    Global(Rc<str>),
    Storage(Rc<Storage>),
    Tensor(Rc<Tensor>),
}

/// A reference to bytes outside the pickle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// The class: `torch FloatStorage`.
    pub class: Rc<str>,
    pub key: String,
    /// In elements; in bytes for an untyped storage.
    pub size: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    pub storage: Rc<Storage>,
    /// For untyped storages: `torch bfloat16`.
    pub dtype: Option<Rc<str>>,
    /// In elements.
    pub offset: u64,
    pub shape: Vec<u64>,
    pub stride: Vec<u64>,
}

/// Why a pickle could not be read: it ended too early, or it is not one.
#[derive(Debug)]
pub enum Stop {
    End,
    Bad(Error),
}

impl From<Error> for Stop {
    fn from(e: Error) -> Stop {
        Stop::Bad(e)
    }
}

/// The values of one pickle.
#[derive(Debug, Default)]
pub struct Arena(Vec<Value>);

impl Arena {
    fn add(&mut self, value: Value) -> Id {
        let id = self.0.len();
        self.0.push(value);
        id
    }

    pub fn get(&self, id: Id) -> &Value {
        self.0.get(id).unwrap_or(&Value::Opaque)
    }

    pub fn str(&self, id: Id) -> Option<&str> {
        if let Value::Str(s) = self.get(id) {
            Some(s)
        } else {
            None
        }
    }

    pub fn int(&self, id: Id) -> Option<u64> {
        if let Value::Int(i) = self.get(id) {
            u64::try_from(*i).ok()
        } else {
            None
        }
    }

    pub fn list(&self, id: Id) -> Option<&[Id]> {
        if let Value::List(l) = self.get(id) {
            Some(l)
        } else {
            None
        }
    }

    /// Whether a class of that module or name stands anywhere in it.
    pub fn mentions(&self, word: &str) -> bool {
        self.0
            .iter()
            .any(|v| matches!(v, Value::Global(name) if name.contains(word)))
    }

    fn ints(&self, id: Id) -> Option<Vec<u64>> {
        self.list(id)?.iter().map(|i| self.int(*i)).collect()
    }
}

/// Reads one pickle from the start of `bytes`: its values, the result, and how many bytes it took.
pub fn load(bytes: &[u8], budget: &mut Budget) -> Result<(Arena, Id, usize), Stop> {
    let mut machine = Machine {
        bytes,
        budget,
        at: 0,
        arena: Arena::default(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    loop {
        if let Some(result) = machine.step()? {
            return Ok((machine.arena, result, machine.at));
        }
    }
}

/// The most bytes that one place on the stack, in a container or in the memo takes.
const ENTRY: usize = 32;
/// As many as a function of a state dict takes.
const MOST_ARGUMENTS: usize = 8;

struct Machine<'a> {
    bytes: &'a [u8],
    budget: &'a mut Budget,
    at: usize,
    arena: Arena,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

impl<'a> Machine<'a> {
    fn step(&mut self) -> Result<Option<Id>, Stop> {
        let [op] = self.array()?;
        // A value, its place on the stack and in a container, or an entry of the memo.
        self.budget.spend_on::<Value>(1, ENTRY)?;
        match op {
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'.' => return self.pop().map(Some),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.above_mark()?),
            b'2' => {
                let top = self.pop()?;
                self.stack.extend([top, top]);
            }
            b'N' => self.push(Value::Opaque),
            0x88 => self.push(Value::Int(1)),
            0x89 => self.push(Value::Int(0)),
            b'J' => {
                let n = i32::from_le_bytes(self.array()?);
                self.push(Value::Int(n.into()));
            }
            b'K' => {
                let n = self.byte()?;
                self.push(Value::Int(n.into()));
            }
            b'M' => {
                let n = u16::from_le_bytes(self.array()?);
                self.push(Value::Int(n.into()));
            }
            0x8a => {
                let length = self.byte()?.into();
                self.long(length)?;
            }
            0x8b => {
                let length = u32::from_le_bytes(self.array()?) as usize;
                self.long(length)?;
            }
            b'I' | b'L' => {
                let line = self.line()?.trim_end_matches('L').to_owned();
                self.push(line.parse().map_or(Value::Opaque, Value::Int));
            }
            b'G' => {
                self.take(8)?;
                self.push(Value::Opaque);
            }
            b'F' => {
                self.line()?;
                self.push(Value::Opaque);
            }
            b'X' | b'T' | b'B' => {
                let length = u32::from_le_bytes(self.array()?) as usize;
                self.text(length, op != b'B')?;
            }
            0x8c | b'U' | b'C' => {
                let length = self.byte()?.into();
                self.text(length, op != b'C')?;
            }
            0x8d | 0x8e | 0x96 => {
                let length = usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| Stop::End)?;
                self.text(length, op == 0x8d)?;
            }
            b'V' => {
                let line = self.line()?.to_owned();
                self.push(Value::Str(line));
            }
            b'S' => {
                let line = self.line()?.trim_matches(['\'', '"']).to_owned();
                self.push(Value::Str(line));
            }
            b')' | b']' | 0x8f => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            b't' | b'l' | 0x91 => {
                let items = self.above_mark()?;
                self.push(Value::List(items));
            }
            0x85..=0x87 => {
                let count = usize::from(op.saturating_sub(0x84));
                let first = self.stack.len().checked_sub(count).ok_or_else(bad)?;
                let items = self.stack.split_off(first.max(self.floor()));
                self.push(Value::List(items));
            }
            b'a' => {
                let item = self.pop()?;
                self.extend(vec![item])?;
            }
            b'e' | 0x90 => {
                let items = self.above_mark()?;
                self.extend(items)?;
            }
            b'd' => {
                let items = self.above_mark()?;
                self.push(Value::Dict(pairs(&items)));
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(&[key, value])?;
            }
            b'u' => {
                let items = self.above_mark()?;
                self.set(&items)?;
            }
            b'c' => {
                let name = format!("{} {}", self.line()?, self.line()?);
                self.push(Value::Global(name.into()));
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let global = match (self.arena.str(module), self.arena.str(name)) {
                    (Some(module), Some(name)) => {
                        self.budget.spend(module.len().saturating_add(name.len()))?;
                        Value::Global(format!("{module} {name}").into())
                    }
                    _ => Value::Opaque,
                };
                self.push(global);
            }
            b'R' | 0x81 => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                let value = self.call(function, arguments, 0)?;
                self.stack.push(value);
            }
            0x92 => {
                let (_, arguments, function) = (self.pop()?, self.pop()?, self.pop()?);
                let value = self.call(function, arguments, 0)?;
                self.stack.push(value);
            }
            // The state of an object: of no interest, except that its owner stays.
            b'b' => drop(self.pop()?),
            b'q' => {
                let at = self.byte()?.into();
                self.memoize(at)?;
            }
            b'r' => {
                let at = u32::from_le_bytes(self.array()?).into();
                self.memoize(at)?;
            }
            b'p' => {
                let at = self.number()?;
                self.memoize(at)?;
            }
            0x94 => self.memoize(self.memo.len() as u64)?,
            b'h' => {
                let at = self.byte()?.into();
                self.recall(at)?;
            }
            b'j' => {
                let at = u32::from_le_bytes(self.array()?).into();
                self.recall(at)?;
            }
            b'g' => {
                let at = self.number()?;
                self.recall(at)?;
            }
            b'Q' => {
                let id = self.pop()?;
                let storage = self.storage(id)?;
                self.push(storage);
            }
            b'P' => {
                self.line()?;
                self.push(Value::Opaque);
            }
            other => {
                return Err(Stop::Bad(Error::TorchInvalid {
                    detail: format!(
                        "Its pickle holds the instruction {other:#04x}, which a state dict has no use for."
                    ),
                }));
            }
        }
        Ok(None)
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], Stop> {
        let end = self
            .at
            .checked_add(n)
            .filter(|end| *end <= self.bytes.len())
            .ok_or(Stop::End)?;
        let taken = self.bytes.get(self.at..end).ok_or(Stop::End)?;
        self.at = end;
        self.budget.read(n);
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        self.take(N)?.try_into().map_err(|_| Stop::End)
    }

    fn line(&mut self) -> Result<&'a str, Stop> {
        let rest = self.bytes.get(self.at..).ok_or(Stop::End)?;
        let length = rest.iter().position(|b| *b == b'\n').ok_or(Stop::End)?;
        let line = self.take(length)?;
        self.take(1)?;
        std::str::from_utf8(line).map_err(|_| bad())
    }

    fn number(&mut self) -> Result<u64, Stop> {
        self.line()?.parse().map_err(|_| bad())
    }

    /// A little-endian integer in two's complement; the long ones that matter here are magic numbers, kept as opaque.
    fn long(&mut self, length: usize) -> Result<(), Stop> {
        let bytes = self.take(length)?;
        let value = if length <= 8 {
            let sign = if bytes.last().is_some_and(|b| b & 0x80 != 0) {
                0xff
            } else {
                0
            };
            let mut all = [sign; 8];
            all.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            Value::Int(i64::from_le_bytes(all))
        } else {
            Value::Opaque
        };
        self.push(value);
        Ok(())
    }

    fn text(&mut self, length: usize, is_text: bool) -> Result<(), Stop> {
        let bytes = self.take(length)?;
        // A long text would be copied at every read; names are short.
        let value = match std::str::from_utf8(bytes) {
            Ok(text) if is_text && length <= 1 << 16 => Value::Str(text.to_owned()),
            _ => Value::Opaque,
        };
        self.push(value);
        Ok(())
    }

    fn push(&mut self, value: Value) {
        let id = self.arena.add(value);
        self.stack.push(id);
    }

    /// The top of the stack's part that is out of reach, below the last mark.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Id, Stop> {
        if self.stack.len() <= self.floor() {
            return Err(bad());
        }
        self.stack.pop().ok_or_else(bad)
    }

    fn above_mark(&mut self) -> Result<Vec<Id>, Stop> {
        let mark = self.marks.pop().ok_or_else(bad)?;
        if mark > self.stack.len() {
            return Err(bad());
        }
        Ok(self.stack.split_off(mark))
    }

    fn top(&self) -> Result<Id, Stop> {
        self.stack.last().copied().ok_or_else(bad)
    }

    fn extend(&mut self, items: Vec<Id>) -> Result<(), Stop> {
        let top = self.top()?;
        if let Some(Value::List(list)) = self.arena.0.get_mut(top) {
            list.extend(items);
        }
        Ok(())
    }

    fn set(&mut self, items: &[Id]) -> Result<(), Stop> {
        let top = self.top()?;
        if let Some(Value::Dict(dict)) = self.arena.0.get_mut(top) {
            dict.extend(pairs(items));
        }
        Ok(())
    }

    fn memoize(&mut self, at: u64) -> Result<(), Stop> {
        let top = self.top()?;
        self.memo.insert(at, top);
        Ok(())
    }

    fn recall(&mut self, at: u64) -> Result<(), Stop> {
        let id = *self.memo.get(&at).ok_or_else(bad)?;
        self.stack.push(id);
        Ok(())
    }

    /// `('storage', class, key, location, size)`
    fn storage(&mut self, id: Id) -> Result<Value, Stop> {
        let parts = self.arena.list(id).unwrap_or_default();
        let [kind, class, key, _, size, ..] = parts else {
            return Ok(Value::Opaque);
        };
        let Value::Global(class) = self.arena.get(*class) else {
            return Ok(Value::Opaque);
        };
        match (self.arena.str(*kind), self.arena.str(*key), self.arena.int(*size)) {
            (Some("storage"), Some(key), Some(size)) => {
                self.budget
                    .spend_on::<Storage>(1, class.len().saturating_add(key.len()))?;
                Ok(Value::Storage(Rc::new(Storage {
                    class: class.clone(),
                    key: key.to_owned(),
                    size,
                })))
            }
            _ => Ok(Value::Opaque),
        }
    }

    /// The few functions that torch's own state dicts call. `depth` ends calls that name each other.
    fn call(&mut self, function: Id, arguments: Id, depth: usize) -> Result<Id, Stop> {
        // None of them looks at more; a list may be as long as the file, and stand behind every call.
        let arguments: Vec<Id> = self
            .arena
            .list(arguments)
            .unwrap_or_default()
            .iter()
            .take(MOST_ARGUMENTS)
            .copied()
            .collect();
        let Value::Global(name) = self.arena.get(function).clone() else {
            return Ok(self.opaque());
        };
        let value = match (&*name, &arguments[..]) {
            (
                "torch._utils _rebuild_tensor_v2" | "torch._utils _rebuild_tensor",
                [storage, offset, shape, stride, ..],
            ) => self.tensor(*storage, *offset, *shape, *stride, None)?,
            ("torch._utils _rebuild_tensor_v3", [storage, offset, shape, stride, _, _, dtype, ..]) => {
                self.tensor(*storage, *offset, *shape, *stride, Some(*dtype))?
            }
            ("torch._utils _rebuild_parameter" | "torch._utils _rebuild_parameter_with_state", [tensor, ..]) => {
                return Ok(*tensor);
            }
            ("torch._tensor _rebuild_from_type_v2", [function, _, arguments, ..]) if depth < 4 => {
                return self.call(*function, *arguments, depth.saturating_add(1));
            }
            ("collections OrderedDict", []) => Value::Dict(Vec::new()),
            ("collections OrderedDict", [items]) => {
                let items = self.arena.list(*items).unwrap_or_default();
                self.budget.spend_on::<(Id, Id)>(items.len(), 0)?;
                Value::Dict(
                    items
                        .iter()
                        .filter_map(|pair| self.arena.list(*pair).and_then(|p| Some((*p.first()?, *p.get(1)?))))
                        .collect(),
                )
            }
            ("collections defaultdict", _) => Value::Dict(Vec::new()),
            _ => Value::Opaque,
        };
        Ok(self.arena.add(value))
    }

    fn opaque(&mut self) -> Id {
        self.arena.add(Value::Opaque)
    }

    fn tensor(&mut self, storage: Id, offset: Id, shape: Id, stride: Id, dtype: Option<Id>) -> Result<Value, Stop> {
        let Value::Storage(storage) = self.arena.get(storage) else {
            return Ok(Value::Opaque);
        };
        let sides = |list: Id| self.arena.list(list).map_or(0, <[Id]>::len);
        self.budget.spend_on::<Tensor>(1, storage.key.len())?;
        self.budget
            .spend_on::<u64>(sides(shape).saturating_add(sides(stride)), 0)?;
        let dtype = dtype.and_then(|d| {
            if let Value::Global(name) = self.arena.get(d) {
                Some(name.clone())
            } else {
                None
            }
        });
        match (self.arena.int(offset), self.arena.ints(shape), self.arena.ints(stride)) {
            (Some(offset), Some(shape), Some(stride)) if shape.len() == stride.len() => {
                Ok(Value::Tensor(Rc::new(Tensor {
                    storage: storage.clone(),
                    dtype,
                    offset,
                    shape,
                    stride,
                })))
            }
            _ => Ok(Value::Opaque),
        }
    }
}

fn pairs(items: &[Id]) -> Vec<(Id, Id)> {
    items
        .as_chunks::<2>()
        .0
        .iter()
        .map(|[key, value]| (*key, *value))
        .collect()
}

fn bad() -> Stop {
    match invalid::<()>("Its pickle is damaged.") {
        Err(error) => Stop::Bad(error),
        Ok(()) => Stop::End,
    }
}
