using Bee.Cmdlets.Base;
using Bee.Help;

if (args is not [var docs, var output, var address])
{
    Console.Error.WriteLine("usage: Bee.Help DOCS-FOLDER OUTPUT-FILE ADDRESS");
    return 2;
}

var problems = new List<string>();
var commands = new List<(Command, Page)>();
foreach (Command command in Command.AllOf(typeof(BeeCmdlet).Assembly))
{
    string path = Path.Combine(docs, $"{command.Name}.md");
    if (!File.Exists(path))
    {
        problems.Add($"{command.Name} has no page: {path}");
        continue;
    }

    var page = Page.Read(path);
    problems.AddRange(Compare(command, page).Select(problem => $"{path}: {problem}"));
    commands.Add((command, page));
}

foreach (string problem in problems)
{
    Console.Error.WriteLine(problem);
}

if (problems.Count > 0)
{
    return 1;
}

Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(output))!);
Maml.Write(output, address.TrimEnd('/'), commands);
return 0;

static IEnumerable<string> Compare(Command command, Page page)
{
    if (page.Title != command.Name)
    {
        yield return $"the title is '{page.Title}'";
    }

    if (page.Synopsis.Length == 0 || page.Description.Count == 0)
    {
        yield return "synopsis or description is empty";
    }

    if (page.Examples.Count < 2)
    {
        yield return "there are fewer than two examples";
    }

    string[] own = [.. command.Parameters.Select(parameter => parameter.Name)];
    foreach (string name in own.Except(page.Parameters.Keys))
    {
        yield return $"-{name} is not described";
    }

    foreach (string name in page.Parameters.Keys.Except(own))
    {
        yield return $"-{name} is described, and the cmdlet does not have it";
    }
}
