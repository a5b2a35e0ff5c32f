using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Bee.Help;

/// <summary>Writes the help file that Get-Help reads, in PowerShell's MAML format.</summary>
internal static class Maml
{
    private static readonly XNamespace s_command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace s_text = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace s_dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    public static void Write(string path, string address, IEnumerable<(Command Command, Page Page)> commands)
    {
        var root = new XElement("helpItems", new XAttribute("schema", "maml"), commands.Select(pair => Item(pair.Command, pair.Page, address)));
        var settings = new XmlWriterSettings { Indent = true, Encoding = new UTF8Encoding(false), NewLineChars = "\n" };
        using var writer = XmlWriter.Create(path, settings);
        new XDocument(root).Save(writer);
    }

    private static XElement Item(Command command, Page page, string address) => new(
        s_command + "command",
        new XAttribute(XNamespace.Xmlns + "command", s_command),
        new XAttribute(XNamespace.Xmlns + "maml", s_text),
        new XAttribute(XNamespace.Xmlns + "dev", s_dev),
        new XElement(
            s_command + "details",
            new XElement(s_command + "name", command.Name),
            new XElement(s_command + "verb", command.Verb),
            new XElement(s_command + "noun", command.Noun),
            Paragraphs("description", [page.Synopsis])),
        Paragraphs("description", page.Description),
        new XElement(s_command + "syntax", command.Sets.Select(set => SyntaxItem(command, page, set))),
        new XElement(s_command + "parameters", command.Parameters.Select(use => Parameter(use, page))),
        Values("inputTypes", "inputType", [.. command.Parameters.Where(use => use.ByValue).Select(use => use.TypeName)]),
        Values("returnValues", "returnValue", page.Outputs),
        new XElement(s_text + "alertSet", new XElement(s_text + "alert", page.Notes.Prepend("Errors, by the first part of their id:").Select(Paragraph))),
        new XElement(s_command + "examples", page.Examples.Select(ExampleOf)),
        // Get-Help -Online opens the first link that has an address.
        new XElement(
            s_command + "relatedLinks",
            new XElement(s_text + "navigationLink", new XElement(s_text + "linkText", "Online Version:"), new XElement(s_text + "uri", $"{address}/docs/{page.Title}.md")),
            page.Links.Select(link => new XElement(s_text + "navigationLink", new XElement(s_text + "linkText", link)))));

    private static XElement SyntaxItem(Command command, Page page, string set) => new(
        s_command + "syntaxItem",
        new XElement(s_text + "name", command.Name),
        command.Uses.Where(use => use.IsIn(set)).OrderBy(use => use.Position ?? int.MaxValue).Select(use => Parameter(use, page)));

    private static XElement Parameter(ParameterUse use, Page page) => new(
        s_command + "parameter",
        new XAttribute("required", use.Mandatory ? "true" : "false"),
        new XAttribute("globbing", use.Wildcards ? "true" : "false"),
        new XAttribute("pipelineInput", Pipeline(use)),
        new XAttribute("position", use.Position?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "named"),
        new XAttribute("aliases", use.Aliases.Count > 0 ? string.Join(", ", use.Aliases) : "none"),
        new XElement(s_text + "name", use.Name),
        Paragraphs("description", page.Parameters[use.Name]),
        use.IsSwitch ? null : new XElement(s_command + "parameterValue", new XAttribute("required", "true"), use.TypeName),
        new XElement(s_dev + "type", new XElement(s_text + "name", use.TypeName)));

    private static string Pipeline(ParameterUse use) => (use.ByValue, use.ByPropertyName) switch
    {
        (true, true) => "true (ByValue, ByPropertyName)",
        (true, false) => "true (ByValue)",
        (false, true) => "true (ByPropertyName)",
        _ => "false",
    };

    private static XElement Values(string all, string one, IReadOnlyList<string> texts) => new(
        s_command + all,
        texts.Select(text => new XElement(s_command + one, new XElement(s_dev + "type", new XElement(s_text + "name", text)))));

    private static XElement ExampleOf(Example example) => new(
        s_command + "example",
        new XElement(s_text + "title", $"--- {example.Title} ---"),
        new XElement(s_dev + "code", example.Code),
        new XElement(s_dev + "remarks", example.Remarks.Select(Paragraph)));

    private static XElement Paragraphs(string name, IEnumerable<string> texts) => new(s_text + name, texts.Select(Paragraph));

    private static XElement Paragraph(string text) => new(s_text + "para", text);
}
