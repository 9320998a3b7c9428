# A new node that cannot be reached yet slows nobody; when it can, it is fed what it lacks, and only then gets a vote.

cluster nodes=3 lag=2
(stand 1)
(deliver)
(pass 15)
join 4
(change 1 add 4)
isolate 4
(propose 1 a b c)
(pass 50)
status 1
change 1 promote 4
---
n1 leader term=1 leader=n1 commit=5 durable=5 log=[1,1,1,1,1]
  n2 pipeline match=5 next=6 inflight=0
  n3 pipeline match=5 next=6 inflight=0
  n4 learner holds=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n1 refuses: node n4 is 5 entries behind; at most 2 are allowed

heal
(pass 30)
(change 1 promote 4)
(pass 12)
status
---
n1 leader term=1 leader=n1 commit=6 durable=6 log=[1,1,1,1,1,1]
  n2 pipeline match=6 next=7 inflight=0
  n3 pipeline match=6 next=7 inflight=0
  n4 pipeline match=6 next=7 inflight=0
  ignored unknown=0 malformed=0 stale=2 impossible=0
n2 follower term=1 leader=n1 commit=6 durable=6 log=[1,1,1,1,1,1]
n3 follower term=1 leader=n1 commit=6 durable=6 log=[1,1,1,1,1,1]
n4 follower term=1 leader=n1 commit=6 durable=6 log=[1,1,1,1,1,1]
