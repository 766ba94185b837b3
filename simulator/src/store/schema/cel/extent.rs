//! How long and how deep a rule may be, told from its text: to parse one that is deeper would take all of the stack.
//!
//! Source: cel-go v0.26 `parser/options.go` and `parser/parser.go`, with the limits that it has by default.

use super::token::{Token, Tokens};

/// The longest rule, in characters.
const LENGTH_MAX: usize = 100_000;

/// How deep the expressions of a rule may nest.
const DEPTH_MAX: usize = 250;

/// How deep the expressions of a rule nest at most. Terms between `&&`, `||` and commas stand beside each other; operators,
/// selections and calls one after the other make a tree that is as deep as they are many.
///
/// # Errors
/// It is too long or too deep, in the words of cel-go, which counts more narrowly: of a rule with 250 operators in a row
/// it may say so later.
pub(super) fn depth(source: &str) -> Result<usize, String> {
    let refused = |why: &str| Err(format!("compilation failed: ERROR: <input>:-1:0: {why}"));
    let length = source.chars().count();
    if length > LENGTH_MAX {
        return refused(&format!(
            "expression code point size exceeds limit: size: {length}, limit {LENGTH_MAX}"
        ));
    }
    let mut extent = Extent::default();
    let mut depth_max = 0;
    for token in Tokens::of(source) {
        extent.take(token);
        if extent.n_expressions() > DEPTH_MAX {
            return refused(&format!("expression recursion limit exceeded: {DEPTH_MAX}"));
        }
        depth_max = depth_max.max(extent.depth);
    }
    if depth_max > DEPTH_MAX {
        return refused("max recursion depth exceeded");
    }
    Ok(depth_max)
}

/// Where in a rule a look at its tokens is.
#[derive(Default)]
struct Extent {
    /// One for each bracket that is open.
    outer: Vec<Level>,
    level: Level,
    follows_term: bool,
    /// Whether the parser may see other tokens from here on, so that nothing counts as closed or done any more.
    is_broken: bool,
    /// All brackets, conditions and links around the next token.
    depth: usize,
    n_conditions: usize,
}

/// What stands in one bracket, or outside of all.
#[derive(Default)]
struct Level {
    n_conditions: usize,
    n_links: usize,
}

impl Extent {
    /// How many expressions are around the next token, itself included.
    fn n_expressions(&self) -> usize {
        1 + self.outer.len() + self.n_conditions
    }

    fn take(&mut self, token: Token) {
        match token {
            Token::Broken => self.is_broken = true,
            Token::Open | Token::Bracket => {
                if token == Token::Bracket && (self.follows_term || self.is_broken) {
                    self.link();
                }
                self.outer.push(std::mem::take(&mut self.level));
                self.depth += 1;
            }
            Token::Close if !self.is_broken => self.close(),
            Token::Comma if !self.is_broken => {
                self.forget_links();
                self.n_conditions -= self.level.n_conditions;
                self.depth -= std::mem::take(&mut self.level.n_conditions);
            }
            Token::Logical if !self.is_broken => self.forget_links(),
            Token::Condition => {
                self.level.n_conditions += 1;
                self.n_conditions += 1;
                self.depth += 1;
            }
            Token::Link => self.link(),
            Token::Minus if self.follows_term || self.is_broken => self.link(),
            Token::Close
            | Token::Comma
            | Token::Logical
            | Token::Minus
            | Token::Not
            | Token::Colon
            | Token::Term => {}
        }
        self.follows_term = matches!(token, Token::Term | Token::Close);
    }

    fn link(&mut self) {
        self.level.n_links += 1;
        self.depth += 1;
    }

    fn forget_links(&mut self) {
        self.depth -= std::mem::take(&mut self.level.n_links);
    }

    fn close(&mut self) {
        let Some(outer) = self.outer.pop() else {
            return;
        };
        let level = std::mem::replace(&mut self.level, outer);
        self.depth -= 1 + level.n_links + level.n_conditions;
        self.n_conditions -= level.n_conditions;
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_term("true", 0)]
    #[case::a_selection("self.a.b > 0", 3)]
    #[case::terms_beside_each_other("self.a > 0 && self.b > 0 || !self.c", 2)]
    #[case::arguments("f(a.b, c.d.e, [1, 2])", 3)]
    #[case::a_choice("a ? b : c ? d && e : f", 2)]
    #[case::signs("- - -1 > -2 - -!!3", 2)]
    #[case::an_index("a[0][b[1]]", 5)]
    #[case::brackets_in_strings(r#"a == '((\'((' && b == """(("(""" && c == r'(\'"#, 1)]
    #[case::a_comment("a // ((((\n + b", 1)]
    #[case::an_open_string("\"))))((((", 4)]
    #[case::a_bad_escape(r#""\q((((""#, 4)]
    fn a_rule_is_so_deep(#[case] source: &str, #[case] expected: usize) {
        assert_eq!(depth(source), Ok(expected));
    }

    #[rstest]
    #[case::brackets(&"(".repeat(250), "expression recursion limit exceeded: 250")]
    #[case::lists(&"[".repeat(10_000), "expression recursion limit exceeded: 250")]
    #[case::in_an_open_string(&("\"".to_owned() + &"()".repeat(250)), "expression recursion limit exceeded: 250")]
    #[case::conditions(&"true ? true && true : ".repeat(250), "expression recursion limit exceeded: 250")]
    #[case::operators(&"1+".repeat(251), "max recursion depth exceeded")]
    #[case::selections(&".b".repeat(10_000), "max recursion depth exceeded")]
    #[case::calls(&".f()".repeat(251), "max recursion depth exceeded")]
    #[case::operators_in_brackets(&"1+1+1+(".repeat(100), "max recursion depth exceeded")]
    #[case::characters(&"ä".repeat(100_001), "expression code point size exceeds limit: size: 100001, limit 100000")]
    fn a_rule_is_too_large(#[case] source: &str, #[case] why: &str) {
        let refused = format!("compilation failed: ERROR: <input>:-1:0: {why}");
        assert_eq!(depth(source), Err(refused));
    }
}
