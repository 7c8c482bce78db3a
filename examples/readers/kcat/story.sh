#!/bin/sh
# The story of one question, read from Kafka with kcat and kept in a file of tab-separated lines.
#
#     YEON_KAFKA=host:port ./story.sh events.tsv QUESTION_ID
#
# Takes everything that is on the topic now, each event once, and prints the question's story in order. Run it again
# and it goes on where it stopped: the file itself says how far it is, so the two can never disagree.
# Columns: partition, ce_position, ce_id, ce_type, question, data (JSON, which holds no tab or line break of its own).
set -eu
file=$1
question=$2
topic=${YEON_TOPIC:-yeon.conversations.v1}
touch "$file"

# -e ends at the present end of each partition. No group (-G): Kafka's offsets may start again after a broker lost its
# end, ce_position never does.
kcat -C -q -e -o beginning -b "$YEON_KAFKA" -t "$topic" -f '%p\t%h\t%s\n' |
  awk -F '\t' -v OFS='\t' -v kept="$file" '
    function take(partition, headers, data,    i, pair, part, position, previous, seen) {
      split("", header)
      pair = split(headers, part, ",")
      for (i = 1; i <= pair; i++)
        header[substr(part[i], 1, index(part[i], "=") - 1)] = substr(part[i], index(part[i], "=") + 1)
      position = header["ce_position"] + 0
      previous = header["ce_previousposition"] + 0
      seen = (partition in last) ? last[partition] : previous
      if (position <= seen) return # A repeat.
      if (previous > seen) { # Its turn has not come. After a loss everything comes again, so this one, too.
        gaps[partition] = "partition " partition ": what stood between " seen " and " position " is missing"
        return
      }
      delete gaps[partition]
      last[partition] = position
      if (header["ce_id"] in ids) return # The same event has the same id for ever, wherever the copy came from.
      ids[header["ce_id"]]
      print partition, position, header["ce_id"], header["ce_type"], header["ce_partitionkey"], data >> kept
    }
    BEGIN {
      while ((getline line < kept) > 0) {
        split(line, column, "\t")
        last[column[1]] = column[2] + 0
        ids[column[3]]
      }
      close(kept)
    }
    { take($1, $2, $3) }
    END {
      for (partition in gaps) {
        print gaps[partition] > "/dev/stderr"
        failed = 1
      }
      exit failed
    }
  '

awk -F '\t' -v question="$question" '$5 == question { print $2, $4, $6 }' "$file" | sort -n
