using System.Globalization;
using System.Numerics;
using System.Text;
using Xunit.Abstractions;

namespace Bee.Ebpf.Tests.Records;

/// <summary>
/// Random structs filled with random bytes: the emitted objects must read the same values as a C program. BEE_RANDOM_LAYOUTS sets the number of structs, and BEE_RANDOM_SEED the seed.
/// </summary>
public sealed class RandomLayoutTests(ITestOutputHelper log)
{
    private static readonly (string Name, bool Signed, int Bits)[] s_integers =
        [("u8", false, 8), ("s8", true, 8), ("u16", false, 16), ("s16", true, 16), ("u32", false, 32), ("s32", true, 32), ("u64", false, 64), ("s64", true, 64)];

    private readonly StringBuilder _declarations = new("enum shade { DARK = -2, GREY = 40, LIGHT = 41 };\n");
    private readonly List<(string Struct, string Path)> _leaves = [];
    private readonly StringBuilder _body = new("unsigned long long r = 88172645463325252ull;\n");
    private Random _random = new(0);
    private int _names;

    [ClangFact]
    public void Objects_have_the_values_that_C_reads()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("BEE_RANDOM_LAYOUTS") ?? "40", CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("BEE_RANDOM_SEED") ?? "1", CultureInfo.InvariantCulture);
        log.WriteLine($"BEE_RANDOM_SEED={seed} BEE_RANDOM_LAYOUTS={count}");
        _random = new Random(seed);
        var roots = Enumerable.Range(0, count).Select(i => $"root_{i}").ToList();
        foreach (var root in roots)
        {
            Root(root);
        }

        using var c = new CProgram(_declarations.ToString(), roots.Select(r => "struct " + r).ToArray(), _body.ToString());
        var lines = c.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var at = 0;
        foreach (var root in roots)
        {
            var type = c.Event(root);
            var bytes = Convert.FromHexString(lines[at++]);
            Assert.Equal(bytes.Length, type.Size);
            var e = type.Decode(bytes);
            foreach (var (_, path) in _leaves.Where(l => l.Struct == root))
            {
                var expected = lines[at++];
                var found = Show(e.Get(path));
                Assert.True(expected == found, $"seed {seed}, {root}.{path}: C reads {expected}, the object {found}\n{_declarations}");
            }
        }

        Assert.Equal(lines.Length, at);
    }

    private static string Show(object? value) => value switch
    {
        Enum e => Convert.ToInt64(e, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
        bool b => b ? "1" : "0",
        BigInteger big => (big & ((BigInteger.One << 128) - 1)).ToString("x32", CultureInfo.InvariantCulture)[^32..],
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private void Root(string name)
    {
        var leaves = new List<(string Path, string Format, string Cast)>();
        _declarations.Append(Members($"struct {name}", "", leaves, 0)).Append(Attributes()).Append(";\n");
        _body.Append($"{{ static struct {name} v; unsigned char *b = (void *)&v; for (unsigned i = 0; i < sizeof v; i++) {{ r ^= r << 13; r ^= r >> 7; r ^= r << 17; b[i] = r; }}\n");
        _body.Append("for (unsigned i = 0; i < sizeof v; i++) printf(\"%02x\", b[i]); printf(\"\\n\");\n");
        foreach (var (path, format, cast) in leaves)
        {
            _leaves.Add((name, path));
            _body.Append(format == "128"
                ? $"printf(\"%016llx%016llx\\n\", (u64)((u128)v.{path} >> 64), (u64)v.{path});\n"
                : $"printf(\"{format}\\n\", ({cast})v.{path});\n");
        }

        _body.Append("}\n");
    }

    // Returns "head { members }".
    private string Members(string head, string prefix, List<(string, string, string)> leaves, int depth)
    {
        var text = new StringBuilder(head).Append(" { ");
        for (var i = _random.Next(1, 9); i > 0; i--)
        {
            var name = $"f{_names++}";
            var (type, signed, bits) = s_integers[_random.Next(s_integers.Length)];
            var (format, cast) = signed ? ("%lld", "long long") : ("%llu", "unsigned long long");
            switch (_random.Next(depth < 3 ? 11 : 8))
            {
                case 0 or 1:
                    text.Append($"{type} {name}; ");
                    leaves.Add((prefix + name, format, cast));
                    break;
                case 2 or 3:
                    text.Append($"{type} {name}:{_random.Next(1, bits + 1)}; ");
                    leaves.Add((prefix + name, format, cast));
                    break;
                case 4:
                    var length = _random.Next(1, 4);
                    text.Append($"{type} {name}[2][{length}]; ");
                    leaves.AddRange(Enumerable.Range(0, 2 * length).Select(n => ($"{prefix}{name}[{n / length}][{n % length}]", format, cast)));
                    break;
                case 5:
                    text.Append($"enum shade {name}; ");
                    leaves.Add((prefix + name, "%lld", "long long"));
                    break;
                case 6:
                    text.Append($"u128 {name}; ");
                    leaves.Add((prefix + name, "128", ""));
                    break;
                case 7:
                    text.Append($"void *{name}; ");
                    leaves.Add((prefix + name, "%llu", "unsigned long long"));
                    break;
                case 8:
                    text.Append(Members(Kind(), $"{prefix}{name}.", leaves, depth + 1)).Append(Attributes()).Append($" {name}; ");
                    break;
                case 9:
                    text.Append(Members(Kind(), prefix, leaves, depth + 1)).Append(Attributes()).Append("; ");
                    break;
                default:
                    var inner = new List<(string Path, string Format, string Cast)>();
                    text.Append(Members(Kind(), "", inner, depth + 1)).Append(Attributes()).Append($" {name}[2]; ");
                    leaves.AddRange(Enumerable.Range(0, 2).SelectMany(n => inner.Select(l => ($"{prefix}{name}[{n}].{l.Path}", l.Format, l.Cast))));
                    break;
            }
        }

        return text.Append('}').ToString();
    }

    private string Kind() => _random.Next(3) == 0 ? "union" : "struct";

    private string Attributes() => _random.Next(4) switch
    {
        0 => " __attribute__((packed))",
        1 when _random.Next(2) == 0 => $" __attribute__((aligned({1 << _random.Next(0, 6)})))",
        _ => "",
    };
}
