using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Bee.Help;

/// <summary>Writes the help file that Get-Help reads (MAML, the namespaces of PowerShell's command help).</summary>
internal static class Maml
{
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Text = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    public static void Write(string path, IEnumerable<(Command Command, Page Page)> commands)
    {
        var root = new XElement("helpItems", new XAttribute("schema", "maml"), commands.Select(pair => Item(pair.Command, pair.Page)));
        var settings = new XmlWriterSettings { Indent = true, Encoding = new UTF8Encoding(false), NewLineChars = "\n" };
        using var writer = XmlWriter.Create(path, settings);
        new XDocument(root).Save(writer);
    }

    private static XElement Item(Command command, Page page) => new(
        Command + "command",
        new XAttribute(XNamespace.Xmlns + "command", Command),
        new XAttribute(XNamespace.Xmlns + "maml", Text),
        new XAttribute(XNamespace.Xmlns + "dev", Dev),
        new XElement(
            Command + "details",
            new XElement(Command + "name", command.Name),
            new XElement(Command + "verb", command.Verb),
            new XElement(Command + "noun", command.Noun),
            Paragraphs("description", [page.Synopsis])),
        Paragraphs("description", page.Description),
        new XElement(Command + "syntax", command.Sets.Select(set => SyntaxItem(command, page, set))),
        new XElement(Command + "parameters", command.Parameters.Select(use => Parameter(use, page))),
        Values("inputTypes", "inputType", [.. command.Parameters.Where(use => use.ByValue).Select(use => use.TypeName)]),
        Values("returnValues", "returnValue", page.Outputs),
        new XElement(Text + "alertSet", new XElement(Text + "alert", page.Notes.Prepend("Errors, by the first part of their id:").Select(Paragraph))),
        new XElement(Command + "examples", page.Examples.Select(ExampleOf)),
        new XElement(Command + "relatedLinks", page.Links.Select(link => new XElement(Text + "navigationLink", new XElement(Text + "linkText", link)))));

    private static XElement SyntaxItem(Command command, Page page, string set) => new(
        Command + "syntaxItem",
        new XElement(Text + "name", command.Name),
        command.Uses.Where(use => use.IsIn(set)).OrderBy(use => use.Position ?? int.MaxValue).Select(use => Parameter(use, page)));

    private static XElement Parameter(ParameterUse use, Page page) => new(
        Command + "parameter",
        new XAttribute("required", use.Mandatory ? "true" : "false"),
        new XAttribute("globbing", use.Wildcards ? "true" : "false"),
        new XAttribute("pipelineInput", Pipeline(use)),
        new XAttribute("position", use.Position?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "named"),
        new XAttribute("aliases", use.Aliases.Count > 0 ? string.Join(", ", use.Aliases) : "none"),
        new XElement(Text + "name", use.Name),
        Paragraphs("description", page.Parameters[use.Name]),
        use.IsSwitch ? null : new XElement(Command + "parameterValue", new XAttribute("required", "true"), use.TypeName),
        new XElement(Dev + "type", new XElement(Text + "name", use.TypeName)));

    private static string Pipeline(ParameterUse use) => (use.ByValue, use.ByPropertyName) switch
    {
        (true, true) => "true (ByValue, ByPropertyName)",
        (true, false) => "true (ByValue)",
        (false, true) => "true (ByPropertyName)",
        _ => "false",
    };

    private static XElement Values(string all, string one, IReadOnlyList<string> texts) => new(
        Command + all,
        texts.Select(text => new XElement(Command + one, new XElement(Dev + "type", new XElement(Text + "name", text)))));

    private static XElement ExampleOf(Example example) => new(
        Command + "example",
        new XElement(Text + "title", $"--- {example.Title} ---"),
        new XElement(Dev + "code", example.Code),
        new XElement(Dev + "remarks", example.Remarks.Select(Paragraph)));

    private static XElement Paragraphs(string name, IEnumerable<string> texts) => new(Text + name, texts.Select(Paragraph));

    private static XElement Paragraph(string text) => new(Text + "para", text);
}
