using Bee.Ebpf.Mutation;

if (args is ["--worker"])
{
    return Worker.Run();
}

// The rest is a small command line: options in any order, then object files.
var seed = (ulong)Random.Shared.NextInt64();
long count = 100_000;
long first = 0;
string? save = null;
string? worker = null;
var isChecked = true;
var files = new List<string>();
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--seed":
            seed = ulong.Parse(args[++i]);
            break;
        case "--count":
            count = long.Parse(args[++i]);
            break;
        case "--first":
            first = long.Parse(args[++i]);
            break;
        case "--save":
            save = args[++i];
            break;
        case "--unchecked":
            isChecked = false;
            break;
        case "--worker-program":
            worker = args[++i];
            break;
        default:
            files.Add(args[i]);
            break;
    }
}

if (files.Count == 0)
{
    Console.Error.WriteLine("usage: Bee.Ebpf.Mutation [--seed N] [--count N] [--first N] [--unchecked] [--save FOLDER] [--worker-program FILE] OBJECT.o ...");
    return 2;
}

var report = MutationRun.Execute(files.ConvertAll(File.ReadAllBytes), seed, count, worker, first, isChecked);
Console.WriteLine(report);
foreach (var failure in report.Failures)
{
    Console.WriteLine($"  {failure.Index}: {failure.What}");
    if (save is not null)
    {
        Directory.CreateDirectory(save);
        File.WriteAllBytes(Path.Combine(save, $"{seed}-{failure.Index}.o"), failure.Bytes);
    }
}

return report.Failures.Count == 0 ? 0 : 1;
