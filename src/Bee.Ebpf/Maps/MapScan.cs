using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.Maps;

/// <summary>Reads the entries of a map in batches, by the kernel's batch lookup. Falls back to one key at a time if the kernel has no batch lookup for the type of map, or none at all (before Linux 5.6).</summary>
internal sealed unsafe class MapScan
{
    private const int FirstBatch = 4096, WalkBatch = 256, FirstBytes = 1 << 20;

    private readonly SafeHandle _owner;
    private readonly int _fd;
    private readonly int _keySize;
    private readonly int _valueStride;
    private readonly long _mostEntries;
    private readonly byte[] _token;
    private readonly GlobalPlace? _place;
    private byte[] _keys = [];
    private byte[] _values = [];
    private int _capacity;
    private bool _batches = true;
    private bool _started;
    private bool _ended;
    private long _seen;

    /// <param name="owner">Keeps the fd open.</param>
    /// <param name="fd">The fd of the map.</param>
    /// <param name="map">The description of the map.</param>
    public MapScan(SafeHandle owner, int fd, MapDescription map)
    {
        _owner = owner;
        _fd = fd;
        _keySize = (int)map.KeySize;
        _valueStride = map.ValueStride;
        _mostEntries = Math.Max(1, map.MaxEntries);
        _place = map.Place;
        // The kernel keeps its position in a u32 or in a key, depending on the type of map.
        _token = new byte[Math.Max(_keySize, 8)];
        Reserve(_place is not null ? (int)_mostEntries : (int)Math.Min(_mostEntries, Math.Clamp(FirstBytes / Math.Max(1, _keySize + _valueStride), 1, FirstBatch)));
    }

    /// <summary>The size of a key in bytes.</summary>
    public int KeySize => _keySize;

    /// <summary>The size of a value in bytes; in a per-CPU map, of the values of all CPUs.</summary>
    public int ValueStride => _valueStride;

    /// <summary>The number of entries in the current batch.</summary>
    public int Count { get; private set; }

    /// <summary>Makes the scan read one key at a time; for tests.</summary>
    internal void AvoidBatches() => _batches = false;

    /// <summary>Starts again from the beginning, and reuses the memory.</summary>
    public void Restart()
    {
        _started = _ended = false;
        _seen = 0;
        Count = 0;
    }

    /// <summary>Returns the key of an entry in the current batch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Key(int index) => new(_keys, index * _keySize, _keySize);

    /// <summary>Returns the value of an entry in the current batch; in a per-CPU map, the values of all CPUs, each rounded up to 8 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Value(int index) => new(_values, index * _valueStride, _valueStride);

    /// <summary>Reads the next batch.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The kernel does not allow reading the map.</exception>
    public bool Next()
    {
        Count = 0;
        using var hold = new Lease(_owner, typeof(BpfMap));
        while (!_ended && Count == 0)
        {
            if (_place is not null)
            {
                ReadVariable(_place);
            }
            else if (_batches)
            {
                ReadBatch();
            }
            else
            {
                Walk();
            }
        }

        return Count > 0;
    }

    private void ReadVariable(GlobalPlace place)
    {
        _ended = true;
        Count = (int)_mostEntries;
        GlobalMemory.Read(_fd, place, _values.AsSpan(0, Count * _valueStride));
        for (var i = 0; i < Count; i++)
        {
            MemoryMarshal.Write(_keys.AsSpan(i * _keySize), in i);
        }
    }

    private void ReadBatch()
    {
        var count = (uint)_capacity;
        int result;
        var options = new LibbpfCalls.BatchOptions { Size = (nuint)sizeof(LibbpfCalls.BatchOptions) };
        fixed (byte* token = _token, keys = _keys, values = _values)
        {
            result = LibbpfCalls.bpf_map_lookup_batch(_fd, _started ? token : null, token, keys, values, &count, &options);
        }

        switch (-result)
        {
            case 0:
                _started = true;
                Count = (int)count;
                break;
            case Libc.ENOENT:
                _ended = true;
                Count = (int)count;
                break;
            case Libc.ENOSPC:
                // A bucket of the hash holds more entries than fit. The kernel keeps its position, so try again with more room.
                Reserve(checked(_capacity * 2));
                break;
            case Libc.EINVAL or Libc.ENOTSUPP or Libc.EOPNOTSUPP when !_started:
                _batches = false;
                break;
            case Libc.EINTR or Libc.EAGAIN:
                break;
            default:
                throw Failed(-result);
        }
    }

    private void Walk()
    {
        fixed (byte* token = _token, keys = _keys, values = _values)
        {
            var room = Math.Min(_capacity, WalkBatch);
            while (Count < room)
            {
                var key = keys + Count * _keySize;
                var result = LibbpfCalls.bpf_map_get_next_key(_fd, _started ? token : null, key);
                // The kernel starts over if the last key has been deleted meanwhile, so the walk needs a bound.
                if (result == -Libc.ENOENT || ++_seen > 2 * _mostEntries)
                {
                    _ended = true;
                    return;
                }

                if (result < 0)
                {
                    throw Failed(-result);
                }

                _started = true;
                Unsafe.CopyBlockUnaligned(token, key, (uint)_keySize);
                result = LibbpfCalls.bpf_map_lookup_elem(_fd, key, values + (long)Count * _valueStride);
                if (result == 0)
                {
                    Count++;
                }
                else if (result != -Libc.ENOENT)
                {
                    throw Failed(-result);
                }
            }
        }
    }

    private void Reserve(int capacity)
    {
        _capacity = (int)BitOperations.RoundUpToPowerOf2((uint)capacity);
        _keys = GC.AllocateUninitializedArray<byte>(checked(_capacity * Math.Max(_keySize, 1)));
        _values = GC.AllocateUninitializedArray<byte>(checked(_capacity * Math.Max(_valueStride, 1)));
    }

    /// <summary>Returns the exception for a failed read.</summary>
    internal static BpfLoadException Failed(int errno) =>
        new(errno == Libc.EPERM ? LoadFault.NoPermission : LoadFault.Other, $"The map cannot be read: {Libc.Describe(errno)}.") { Errno = errno };
}
