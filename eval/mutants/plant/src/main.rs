//! Plants mutants into a copy of the source tree, each behind a switch.
//!
//! usage: `plant TREE < mutants.jsonl`
//!
//! A line of the input is a mutant as `cargo mutants --list --json` gives it, with a number (`id`), or a wrap:
//! `{"id", "file", "range": [from, to], "before", "after"}` puts text around a range of bytes. A mutant becomes
//! `(if crate::mutant::on(ID) { (MUTATED) } else { (ORIGINAL) })` around the smallest expression that can be replaced
//! as text; a function's body gets an early return, a match arm a guard. Comments `/*<ID*/` and `/*ID>*/` enclose what belongs to a
//! mutant, so that a compiler's complaint leads to it.
//!
//! The output is a line of JSON for each mutant: `{"id", "status", "why"}` with status `planted`, `unplanted` (it cannot be
//! switched: it has to be built on its own) or `unviable` (it is no Rust).
use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    io::{Read, stdin},
    ops::Range,
    path::Path,
};

use serde::Deserialize;
use syn::{
    Arm, BinOp, Block, Expr, ExprBinary, ExprStruct, ExprUnary, Signature, UnOp,
    spanned::Spanned,
    visit::{self, Visit},
};

#[derive(Deserialize)]
struct Mutant {
    id: u32,
    file: String,
    #[serde(default)]
    genre: String,
    #[serde(default)]
    replacement: String,
    span: Option<Span>,
    range: Option<[usize; 2]>,
    #[serde(default)]
    before: String,
    #[serde(default)]
    after: String,
}

#[derive(Deserialize)]
struct Span {
    start: Point,
    end: Point,
}

#[derive(Deserialize)]
struct Point {
    line: usize,
    column: usize,
}

/// What is planted at a range of the source; an empty range is an insertion.
struct Edit {
    range: Range<usize>,
    before: String,
    after: String,
}

/// Why a mutant is not planted.
enum Failure {
    Unplanted(&'static str),
    Unviable(&'static str),
}
use Failure::{Unplanted, Unviable};

fn main() -> Result<(), Box<dyn Error>> {
    let tree = std::env::args().nth(1).ok_or("usage: plant TREE < mutants.jsonl")?;
    let tree = Path::new(&tree);
    let mut input = String::new();
    stdin().read_to_string(&mut input)?;
    let mut by_file: BTreeMap<String, Vec<Mutant>> = BTreeMap::new();
    for line in input.lines() {
        let mutant: Mutant = serde_json::from_str(line)?;
        by_file.entry(mutant.file.clone()).or_default().push(mutant);
    }
    for (file, mutants) in by_file {
        let path = tree.join(&file);
        let source = fs::read_to_string(&path)?;
        let parsed = syn::parse_file(&source)?;
        let mut places = Places { source: &source, ..Places::default() };
        places.visit_file(&parsed);
        let mut edits: Vec<Edit> = Vec::new();
        for mutant in &mutants {
            let edit = places.edit(mutant).and_then(|edit| fits(&edits, &edit).map(|()| edit));
            let (status, why) = match &edit {
                Ok(_) => ("planted", ""),
                Err(Unplanted(why)) => ("unplanted", *why),
                Err(Unviable(why)) => ("unviable", *why),
            };
            println!("{}", serde_json::json!({ "id": mutant.id, "status": status, "why": why }));
            edits.extend(edit.ok());
        }
        fs::write(&path, planted(&source, &edits))?;
    }
    let root = tree.join("src/lib.rs");
    let source = fs::read_to_string(&root)?;
    let parsed = syn::parse_file(&source)?;
    let at = parsed.attrs.last().map_or(0, |attr| attr.span().byte_range().end);
    let (attributes, items) = source.split_at(at);
    // What is switched off may still be sure to overflow.
    let allow = "#![allow(warnings, arithmetic_overflow, unconditional_panic)]";
    fs::write(&root, format!("{attributes}\n{allow}\nmod mutant;\n{items}"))?;
    fs::write(tree.join("src/mutant.rs"), include_str!("mutant.rs"))?;
    Ok(())
}

/// Whether an edit lies within, around or beside each other one.
fn fits(edits: &[Edit], new: &Edit) -> Result<(), Failure> {
    let cross = |a: &Range<usize>, b: &Range<usize>| a.start < b.start && b.start < a.end && a.end < b.end;
    if edits.iter().any(|old| cross(&old.range, &new.range) || cross(&new.range, &old.range)) {
        return Err(Unplanted("overlaps another mutant"));
    }
    Ok(())
}

/// The source with all edits; of those around the same range the later ones are inside.
fn planted(source: &str, edits: &[Edit]) -> String {
    // At one place: the ends of what comes before, the innermost first; insertions; the beginnings, the outermost first.
    let mut texts: Vec<(usize, u8, usize, usize, &str)> = Vec::new();
    for (n, Edit { range, before, after }) in edits.iter().enumerate() {
        if range.is_empty() {
            texts.push((range.start, 1, n, 0, before));
        } else {
            texts.push((range.start, 2, usize::MAX - range.end, n, before));
            texts.push((range.end, 0, usize::MAX - range.start, usize::MAX - n, after));
        }
    }
    texts.sort();
    let (mut out, mut done) = (String::new(), 0);
    for (at, _, _, _, text) in texts {
        out.push_str(&source[done..at]);
        out.push_str(text);
        done = at;
    }
    out + &source[done..]
}

/// Where a file can be mutated.
#[derive(Default)]
struct Places<'a> {
    source: &'a str,
    /// Bodies of functions, and whether they are evaluated by the compiler.
    bodies: Vec<(Range<usize>, bool)>,
    /// Operators, the text within which one can be replaced, and whether that is a condition with `let`.
    binary: BTreeMap<usize, (Range<usize>, bool)>,
    unary: BTreeMap<usize, Range<usize>>,
    /// Arms: the end of the pattern.
    arms: BTreeMap<usize, usize>,
    guards: BTreeMap<usize, Range<usize>>,
    fields: BTreeMap<usize, Range<usize>>,
    /// What the compiler evaluates.
    constant: Vec<Range<usize>>,
    chain: Option<Chain>,
}

/// What an operand is part of, where only operators lie between. `cargo mutants` replaces an operator's text, so that another
/// one may bind otherwise: all that it could bind with is mutated together.
#[derive(Clone)]
struct Chain {
    /// As far as it can be put into parentheses.
    range: Option<Range<usize>>,
    /// Whether it is a condition with `let`.
    with_let: bool,
}

impl Places<'_> {
    fn edit(&self, mutant: &Mutant) -> Result<Edit, Failure> {
        let id = mutant.id;
        if let Some([start, end]) = mutant.range {
            let (before, after) = (mutant.before.clone(), mutant.after.clone());
            return Ok(Edit { range: start..end, before, after });
        }
        let span = mutant.span.as_ref().ok_or(Unplanted("it has no place"))?;
        let (start, end) = (self.offset(&span.start)?, self.offset(&span.end)?);
        if mutant.genre != "FnValue" && self.constant.iter().any(|range| range.contains(&start)) {
            return Err(Unplanted("a constant"));
        }
        let missing = || Unplanted("nothing of the kind is there");
        let replacement = &mutant.replacement;
        match mutant.genre.as_str() {
            "FnValue" => {
                let around = self.bodies.iter().filter(|(body, _)| body.start < start && end < body.end + 1);
                let (body, constant) = around.min_by_key(|(body, _)| body.len()).ok_or_else(missing)?;
                if *constant {
                    return Err(Unplanted("a constant function"));
                }
                let at = body.start + 1;
                let text =
                    format!("/*<{id}*/ if crate::mutant::on({id}) {{ return {replacement}; }} /*{id}>*/");
                Ok(Edit { range: at..at, before: text, after: String::new() })
            }
            "BinaryOperator" => {
                let (range, with_let) = self.binary.get(&start).ok_or_else(missing)?;
                if *with_let && matches!(replacement.trim(), "||" | "&&") {
                    return Err(Unplanted("a condition with let"));
                }
                self.switch(id, range, start..end, replacement)
            }
            "UnaryOperator" => self.switch(id, self.unary.get(&start).ok_or_else(missing)?, start..end, ""),
            "StructField" => self.switch(id, self.fields.get(&start).ok_or_else(missing)?, start..end, ""),
            "MatchArmGuard" => {
                self.switch(id, self.guards.get(&start).ok_or_else(missing)?, start..end, replacement)
            }
            "MatchArm" => {
                let at = *self.arms.get(&start).ok_or_else(missing)?;
                let text = format!("/*<{id}*/ if !crate::mutant::on({id}) /*{id}>*/");
                Ok(Edit { range: at..at, before: text, after: String::new() })
            }
            _ => Err(Unplanted("a genre of its own")),
        }
    }

    /// The text of `whole` with and without `part` replaced.
    fn switch(
        &self,
        id: u32,
        whole: &Range<usize>,
        part: Range<usize>,
        replacement: &str,
    ) -> Result<Edit, Failure> {
        let mutated = [&self.source[..part.start], replacement, &self.source[part.end..]].concat();
        let end = whole.end - part.len() + replacement.len();
        let Ok(parsed) = syn::parse_file(&mutated) else { return Err(Unviable("it does not parse")) };
        let mut sought = Sought { range: whole.start..end, found: false };
        sought.visit_file(&parsed);
        if !sought.found {
            return Err(Unplanted("it binds otherwise"));
        }
        let mutated = &mutated[sought.range];
        Ok(Edit {
            range: whole.clone(),
            before: format!("(/*<{id}*/ if crate::mutant::on({id}) {{ ({mutated}) }} /*{id}>*/ else {{ ("),
            after: ") })".to_owned(),
        })
    }

    /// Lines and columns count from 1, columns in characters.
    fn offset(&self, point: &Point) -> Result<usize, Failure> {
        let beyond = || Unplanted("past the end of the file");
        let mut lines = self.source.split_inclusive('\n');
        let before: usize = lines.by_ref().take(point.line - 1).map(str::len).sum();
        let line = lines.next().ok_or_else(beyond)?;
        let mut columns = line.char_indices().map(|(at, _)| at).chain([line.len()]);
        Ok(before + columns.nth(point.column - 1).ok_or_else(beyond)?)
    }

    fn function(&mut self, signature: &Signature, block: &Block) {
        self.bodies.push((block.span().byte_range(), signature.constness.is_some()));
    }

    /// Visits an operand, which belongs to the expression around it where it is made of operators too.
    fn operand(&mut self, operand: &Expr, chain: Option<Chain>) {
        self.chain = chain.filter(|_| matches!(operand, Expr::Binary(_)));
        self.visit_expr(operand);
        self.chain = None;
    }
}

/// Whether an expression has this very range.
struct Sought {
    range: Range<usize>,
    found: bool,
}

impl<'ast> Visit<'ast> for Sought {
    fn visit_expr(&mut self, i: &'ast Expr) {
        self.found |= i.span().byte_range() == self.range;
        visit::visit_expr(self, i);
    }
}

fn assigns(op: &BinOp) -> bool {
    use BinOp::*;
    matches!(
        op,
        AddAssign(_)
            | SubAssign(_)
            | MulAssign(_)
            | DivAssign(_)
            | RemAssign(_)
            | BitXorAssign(_)
            | BitAndAssign(_)
            | BitOrAssign(_)
            | ShlAssign(_)
            | ShrAssign(_)
    )
}

/// Whether a condition has a `let` outside of parentheses: it cannot be put into any.
fn has_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Places<'_> {
    fn visit_expr_binary(&mut self, i: &'ast ExprBinary) {
        let own = i.span().byte_range();
        let with_let = has_let(&i.left) || has_let(&i.right);
        let around = self.chain.take().unwrap_or(Chain { range: None, with_let });
        // Only what is free of `let` can be put into parentheses.
        let range = around.range.or((!with_let).then(|| own.clone()));
        let chain = Chain { range: range.clone(), with_let: around.with_let };
        self.binary.insert(i.op.span().byte_range().start, (range.unwrap_or(own), around.with_let));
        let chain = (!assigns(&i.op)).then_some(chain);
        self.operand(&i.left, chain.clone());
        self.operand(&i.right, chain);
    }

    fn visit_expr_unary(&mut self, i: &'ast ExprUnary) {
        if matches!(i.op, UnOp::Neg(_) | UnOp::Not(_)) {
            self.unary.insert(i.op.span().byte_range().start, i.span().byte_range());
        }
        visit::visit_expr_unary(self, i);
    }

    fn visit_expr_struct(&mut self, i: &'ast ExprStruct) {
        for field in &i.fields {
            self.fields.insert(field.span().byte_range().start, i.span().byte_range());
        }
        visit::visit_expr_struct(self, i);
    }

    fn visit_arm(&mut self, i: &'ast Arm) {
        match &i.guard {
            Some((_, guard)) => {
                let range = guard.span().byte_range();
                self.guards.insert(range.start, range);
            }
            None => {
                self.arms.insert(i.span().byte_range().start, i.pat.span().byte_range().end);
            }
        }
        visit::visit_arm(self, i);
    }

    fn visit_item_fn(&mut self, i: &'ast syn::ItemFn) {
        self.function(&i.sig, &i.block);
        visit::visit_item_fn(self, i);
    }

    fn visit_impl_item_fn(&mut self, i: &'ast syn::ImplItemFn) {
        self.function(&i.sig, &i.block);
        visit::visit_impl_item_fn(self, i);
    }

    fn visit_trait_item_fn(&mut self, i: &'ast syn::TraitItemFn) {
        if let Some(block) = &i.default {
            self.function(&i.sig, block);
        }
        visit::visit_trait_item_fn(self, i);
    }

    fn visit_item_const(&mut self, i: &'ast syn::ItemConst) {
        self.constant.push(i.span().byte_range());
        visit::visit_item_const(self, i);
    }

    fn visit_item_static(&mut self, i: &'ast syn::ItemStatic) {
        self.constant.push(i.span().byte_range());
        visit::visit_item_static(self, i);
    }

    fn visit_impl_item_const(&mut self, i: &'ast syn::ImplItemConst) {
        self.constant.push(i.span().byte_range());
        visit::visit_impl_item_const(self, i);
    }

    fn visit_type_array(&mut self, i: &'ast syn::TypeArray) {
        self.constant.push(i.len.span().byte_range());
        visit::visit_type_array(self, i);
    }

    fn visit_expr_repeat(&mut self, i: &'ast syn::ExprRepeat) {
        visit::visit_expr(self, &i.expr);
        // The length of an array; that of `vec!` is hidden in a macro.
        self.constant.push(i.len.span().byte_range());
    }
}
