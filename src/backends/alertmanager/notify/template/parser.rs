//! From the tokens of a template to its tree.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::tokens::{Piece, Token, pieces};
use super::{Definitions, Expr, Node, RenderError, Template};

/// Parses a template; also returns the definitions in it.
pub fn parse(text: &str) -> Result<(Template, Definitions), RenderError> {
    let mut parser = Parser {
        pieces: pieces(text)?.into_iter(),
        definitions: Definitions::new(),
    };
    let (nodes, end) = parser.nodes()?;
    match end {
        End::File => Ok((Template(nodes), parser.definitions)),
        End::Block | End::Else(_) => Err(RenderError::new("unexpected end of a block")),
    }
}

struct Parser {
    pieces: IntoIter<Piece>,
    definitions: Definitions,
}

/// What ends a list of nodes.
enum End {
    File,
    /// `{{ end }}`
    Block,
    /// `{{ else }}`, with the tokens after it.
    Else(Tokens),
}

impl Parser {
    fn nodes(&mut self) -> Result<(Vec<Node>, End), RenderError> {
        let mut nodes = Vec::new();
        loop {
            let tokens = match self.pieces.next() {
                None => return Ok((nodes, End::File)),
                Some(Piece::Text(text)) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Some(Piece::Action(tokens)) => tokens,
            };
            let mut tokens = Tokens(tokens.into_iter().peekable());
            let keyword = match tokens.0.peek() {
                Some(Token::Word(word)) => word.clone(),
                _ => String::new(),
            };
            if KEYWORDS.contains(&keyword.as_str()) {
                tokens.0.next();
            }
            match keyword.as_str() {
                "end" => {
                    tokens.end()?;
                    return Ok((nodes, End::Block));
                }
                "else" => return Ok((nodes, End::Else(tokens))),
                "define" => {
                    let name = tokens.text()?;
                    tokens.end()?;
                    let body = Template(self.block()?);
                    self.definitions.insert(name, body);
                }
                "template" => {
                    let name = tokens.text()?;
                    nodes.push(Node::Include(name, tokens.whole()?));
                }
                "if" => nodes.push(self.condition(tokens)?),
                "with" => {
                    let value = tokens.whole()?;
                    let (then, otherwise) = self.branches()?;
                    nodes.push(Node::With {
                        value,
                        then,
                        otherwise,
                    });
                }
                "range" => {
                    let variables = tokens.range_variables()?;
                    let list = tokens.whole()?;
                    let body = self.block()?;
                    nodes.push(Node::Range {
                        variables,
                        list,
                        body,
                    });
                }
                _ => nodes.push(tokens.action()?),
            }
        }
    }

    /// A block without `else`, until its end.
    fn block(&mut self) -> Result<Vec<Node>, RenderError> {
        match self.nodes()? {
            (nodes, End::Block) => Ok(nodes),
            (_, End::Else(_)) => Err(RenderError::new("unexpected `else`")),
            (_, End::File) => Err(RenderError::new("a block does not end")),
        }
    }

    /// The condition after `if` with its branches.
    fn condition(&mut self, tokens: Tokens) -> Result<Node, RenderError> {
        let condition = tokens.whole()?;
        let (then, otherwise) = self.branches()?;
        Ok(Node::If {
            condition,
            then,
            otherwise,
        })
    }

    /// The nodes until `else`, and those after it.
    fn branches(&mut self) -> Result<(Vec<Node>, Vec<Node>), RenderError> {
        let (then, end) = self.nodes()?;
        let otherwise = match end {
            End::Block => Vec::new(),
            End::Else(mut tokens) => match tokens.0.next() {
                None => self.block()?,
                Some(Token::Word(word)) if word == "if" => vec![self.condition(tokens)?],
                Some(_) => return Err(RenderError::new("unexpected token after `else`")),
            },
            End::File => return Err(RenderError::new("a block does not end")),
        };
        Ok((then, otherwise))
    }
}

const KEYWORDS: [&str; 7] = ["end", "else", "define", "template", "if", "with", "range"];

/// The tokens of an action that are not read yet.
struct Tokens(Peekable<IntoIter<Token>>);

impl Tokens {
    fn end(mut self) -> Result<(), RenderError> {
        match self.0.next() {
            None => Ok(()),
            Some(_) => Err(RenderError::new("unexpected token at the end of an action")),
        }
    }

    fn text(&mut self) -> Result<String, RenderError> {
        match self.0.next() {
            Some(Token::Text(text)) => Ok(text),
            _ => Err(RenderError::new("expected the name of a template")),
        }
    }

    /// `$index, $element :=`
    fn range_variables(&mut self) -> Result<Option<(String, String)>, RenderError> {
        let mut ahead = self.0.clone();
        let (Some(Token::Variable(index, _)), Some(Token::Comma)) = (ahead.next(), ahead.next())
        else {
            return Ok(None);
        };
        match (ahead.next(), ahead.next()) {
            (Some(Token::Variable(element, _)), Some(Token::Declare)) => {
                self.0 = ahead;
                Ok(Some((index, element)))
            }
            _ => Err(RenderError::new("expected variables of `range`")),
        }
    }

    /// An action that is not a block.
    fn action(mut self) -> Result<Node, RenderError> {
        let mut ahead = self.0.clone();
        if let (Some(Token::Variable(name, fields)), Some(Token::Declare | Token::Assign)) =
            (ahead.next(), ahead.peek())
            && fields.is_empty()
        {
            let is_new = ahead.next() == Some(Token::Declare);
            self.0 = ahead;
            let value = self.whole()?;
            return Ok(if is_new {
                Node::Declare(name, value)
            } else {
                Node::Assign(name, value)
            });
        }
        Ok(Node::Print(self.whole()?))
    }

    /// The expression of all tokens that are left.
    fn whole(mut self) -> Result<Expr, RenderError> {
        let value = self.call()?;
        self.end()?;
        Ok(value)
    }

    /// An operand, or a function with its arguments.
    fn call(&mut self) -> Result<Expr, RenderError> {
        if let Some(Token::Word(_)) = self.0.peek()
            && let Some(Token::Word(name)) = self.0.next()
        {
            let mut arguments = Vec::new();
            while !matches!(self.0.peek(), None | Some(Token::Close)) {
                arguments.push(self.operand()?);
            }
            return Ok(Expr::Call(name, arguments));
        }
        self.operand()
    }

    fn operand(&mut self) -> Result<Expr, RenderError> {
        match self.0.next() {
            Some(Token::Text(text)) => Ok(Expr::Text(text)),
            Some(Token::Number(number)) => Ok(Expr::Number(number)),
            Some(Token::Dot(fields)) => Ok(Expr::Dot(fields)),
            Some(Token::Variable(name, fields)) => Ok(Expr::Variable(name, fields)),
            Some(Token::Open) => {
                let inner = self.call()?;
                match self.0.next() {
                    Some(Token::Close) => Ok(inner),
                    _ => Err(RenderError::new("expected `)`")),
                }
            }
            _ => Err(RenderError::new("expected a value")),
        }
    }
}
