//! From text to an expression. What a client writes is bounded here: its length, how deep it nests, and what its patterns
//! take.

use super::Expression;
use super::term::{Claim, Comparison, Subject, Term, pattern, time};

/// The longest expression, in bytes.
const LONGEST: usize = 2000;

/// How deep parentheses and negations may nest.
const DEEPEST: usize = 32;

/// Why a text is no expression. The text is for whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) String);

type Result<T> = std::result::Result<T, Malformed>;

fn malformed<T>(what: impl Into<String>) -> Result<T> {
    Err(Malformed(what.into()))
}

/// Reads an expression.
pub(crate) fn parse(text: &str) -> Result<Expression> {
    if text.len() > LONGEST {
        return malformed(format!("expressions can have at most {LONGEST} characters"));
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0 };
    let expression = parser.any(0)?;
    match parser.take() {
        None => Ok(expression),
        Some(token) => malformed(format!("{} was not expected", token.shown())),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A name, a value or a word for an operator.
    Word(String),
    /// A value in quotes, which is never an operator.
    Quoted(String),
    /// An operator of signs, a parenthesis, a bracket or a comma.
    Sign(&'static str),
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Word(text) | Self::Quoted(text) => format!("'{text}'"),
            Self::Sign(sign) => format!("'{sign}'"),
        }
    }
}

/// Longer ones first.
const SIGNS: &[&str] = &["==", "!=", ">=", "<=", "=~", "!~", "&&", "||", ">", "<", "!", "(", ")", "[", "]", ","];

fn tokens(text: &str) -> Result<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    // Brackets and commas mean a list only behind an opening bracket: elsewhere they are of a pattern.
    let mut in_list = false;
    while let Some(first) = rest.chars().next() {
        if first == '"' || first == '\'' {
            let Some((quoted, behind)) = rest.get(1..).and_then(|inside| inside.split_once(first)) else {
                return malformed("a quote is not closed");
            };
            tokens.push(Token::Quoted(quoted.to_owned()));
            rest = behind.trim_start();
        } else if let Some(sign) = SIGNS.iter().copied().find(|sign| rest.starts_with(sign)) {
            tokens.push(Token::Sign(sign));
            in_list = sign == "[" || in_list && sign != "]";
            rest = rest.get(sign.len()..).unwrap_or_default().trim_start();
        } else {
            let ends = |character: char| {
                let of_list = in_list && matches!(character, ',' | ']');
                of_list || character.is_whitespace() || "=!<>&|()\"'".contains(character)
            };
            let length = rest.find(ends).unwrap_or(rest.len());
            if length == 0 {
                return malformed(format!("'{first}' was not expected"));
            }
            let (word, behind) = rest.split_at(length);
            tokens.push(Token::Word(word.to_owned()));
            rest = behind.trim_start();
        }
    }
    Ok(tokens)
}

/// An operator before it has its argument.
enum Operator {
    Exists,
    Equals,
    In,
    Compares(Comparison),
    Matches,
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.next += 1;
        token
    }

    /// Takes a sign or the word that means the same.
    fn accept(&mut self, sign: &str, word: &str) -> bool {
        let found = match self.peek() {
            Some(Token::Sign(found)) => *found == sign,
            Some(Token::Word(found)) => !word.is_empty() && found.eq_ignore_ascii_case(word),
            _ => false,
        };
        self.next += usize::from(found);
        found
    }

    fn any(&mut self, depth: usize) -> Result<Expression> {
        let mut parts = vec![self.all(depth)?];
        while self.accept("||", "or") {
            parts.push(self.all(depth)?);
        }
        Ok(joined(parts, Expression::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Expression> {
        let mut parts = vec![self.one(depth)?];
        while self.accept("&&", "and") {
            parts.push(self.one(depth)?);
        }
        Ok(joined(parts, Expression::All))
    }

    fn one(&mut self, depth: usize) -> Result<Expression> {
        if depth > DEEPEST {
            return malformed(format!("expressions can nest at most {DEEPEST} deep"));
        }
        if self.accept("!", "not") {
            return Ok(Expression::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.accept("(", "") {
            let inside = self.any(depth + 1)?;
            return if self.accept(")", "") { Ok(inside) } else { malformed("a parenthesis is not closed") };
        }
        self.term().map(Expression::Term)
    }

    fn term(&mut self) -> Result<Term> {
        let subject = self.subject()?;
        let (operator, negated) = self.operator()?;
        let claim = match operator {
            Operator::Exists => Claim::Exists,
            Operator::Equals => Claim::In(vec![self.argument()?]),
            Operator::In => Claim::In(self.list()?),
            Operator::Compares(comparison) => Claim::Compares(comparison, self.argument()?),
            Operator::Matches => {
                let text = self.argument()?;
                match pattern(&text) {
                    Some(pattern) => Claim::Matches(pattern),
                    None => return malformed(format!("'{text}' is no pattern that is supported")),
                }
            }
        };
        check(&subject, &claim)?;
        Ok(Term { subject, negated, claim })
    }

    fn subject(&mut self) -> Result<Subject> {
        let name = match self.take() {
            Some(Token::Word(name)) => name,
            Some(token) => return malformed(format!("{} is not a subject", token.shown())),
            None => return malformed("a subject is missing"),
        };
        Ok(match name.as_str() {
            "agentConnected" => Subject::AgentConnected,
            "agentVersion" => Subject::AgentVersion,
            "ec2InstanceId" => Subject::Ec2InstanceId,
            "registeredAt" => Subject::RegisteredAt,
            "runningTasksCount" => Subject::RunningTasksCount,
            "task:group" => Subject::TaskGroup,
            other => match other.strip_prefix("attribute:") {
                Some("") => match self.take() {
                    // A name with signs in it.
                    Some(Token::Quoted(name)) => Subject::Attribute(name),
                    _ => return malformed("the name of an attribute is missing"),
                },
                Some(name) => Subject::Attribute(name.to_owned()),
                None => return malformed(format!("'{other}' is not a subject")),
            },
        })
    }

    fn operator(&mut self) -> Result<(Operator, bool)> {
        let greater = Comparison::Greater;
        let token = self.take();
        let word = match &token {
            Some(Token::Sign("!")) => {
                // !in and !exists are two tokens.
                return match self.take() {
                    Some(Token::Word(word)) if word.eq_ignore_ascii_case("in") => Ok((Operator::In, true)),
                    Some(Token::Word(word)) if word.eq_ignore_ascii_case("exists") => Ok((Operator::Exists, true)),
                    _ => malformed("an operator is missing"),
                };
            }
            Some(Token::Sign(sign)) => (*sign).to_owned(),
            Some(Token::Word(word)) => word.to_ascii_lowercase(),
            Some(Token::Quoted(_)) | None => return malformed("an operator is missing"),
        };
        Ok(match word.as_str() {
            "==" | "equals" => (Operator::Equals, false),
            "!=" | "not_equals" => (Operator::Equals, true),
            ">" | "greater_than" => (Operator::Compares(greater), false),
            ">=" | "greater_than_equal" => (Operator::Compares(Comparison::GreaterOrEqual), false),
            "<" | "less_than" => (Operator::Compares(Comparison::Less), false),
            "<=" | "less_than_equal" => (Operator::Compares(Comparison::LessOrEqual), false),
            "exists" => (Operator::Exists, false),
            "not_exists" => (Operator::Exists, true),
            "in" => (Operator::In, false),
            "not_in" => (Operator::In, true),
            "=~" | "matches" => (Operator::Matches, false),
            "!~" | "not_matches" => (Operator::Matches, true),
            other => return malformed(format!("'{other}' is not an operator")),
        })
    }

    fn argument(&mut self) -> Result<String> {
        match self.take() {
            Some(Token::Word(text) | Token::Quoted(text)) => Ok(text),
            Some(token) => malformed(format!("{} is not an argument", token.shown())),
            None => malformed("an argument is missing"),
        }
    }

    fn list(&mut self) -> Result<Vec<String>> {
        // AWS's own examples write one element without brackets.
        if !self.accept("[", "") {
            return Ok(vec![self.argument()?]);
        }
        let mut list = vec![self.argument()?];
        while self.accept(",", "") {
            list.push(self.argument()?);
        }
        if self.accept("]", "") { Ok(list) } else { malformed("a bracket is not closed") }
    }
}

fn joined(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

/// Arguments that a subject can never have are mistakes, better said at once.
fn check(subject: &Subject, claim: &Claim) -> Result<()> {
    let arguments: Vec<&String> = match claim {
        Claim::Exists | Claim::Matches(_) => return Ok(()),
        Claim::In(list) => list.iter().collect(),
        Claim::Compares(_, argument) => vec![argument],
    };
    let valid = |argument: &str| match subject {
        Subject::AgentConnected => argument.eq_ignore_ascii_case("true") || argument.eq_ignore_ascii_case("false"),
        Subject::RunningTasksCount => argument.parse::<u64>().is_ok(),
        Subject::RegisteredAt => time(argument).is_some(),
        _ => true,
    };
    match arguments.into_iter().find(|argument| !valid(argument)) {
        Some(argument) => malformed(format!("'{argument}' is not an argument of that subject")),
        None => Ok(()),
    }
}
